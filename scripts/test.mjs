// node scripts/test.mjs [check …]: sets up, then runs every check (or those named) and adds up what passed and failed.
import { rmSync } from "node:fs";
import { allChecks } from "./checks/index.mjs";
import { runCheck } from "./checks/run.mjs";
import { setUp, stepsForTests } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";

async function main(names) {
  await setUp(stepsForTests);
  const checks = allChecks();
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown)
    throw new SetupError(`there is no check "${unknown}"; there are ${checks.map(({ name }) => name).join(", ")}`);
  for (const { report } of checks) if (report) rmSync(report, { force: true });
  const total = { passed: 0, failed: 0 };
  for (const check of checks) {
    if (names.length > 0 && !names.includes(check.name)) continue;
    const { passed, failed } = await runCheck(check);
    total.passed += passed;
    total.failed += failed;
  }
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
}

await main(process.argv.slice(2)).catch(explain);
