// node scripts/test.mjs [--rest] [check …]: sets up, then runs every check of `npm test` (or those named) and adds up what passed and failed.
// `--rest` is what that leaves of the whole matrix: more builds in Node and Chromium, the services of the queue and the federation, three
// browsers. `npm run test:all` runs both.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { stagesOfChecks } from "./checks/index.mjs";
import { lackingSentences } from "./checks/machine.mjs";
import { added, nothing, saveOutcome, showOutcome } from "./checks/outcome.mjs";
import { runChecks } from "./checks/run.mjs";
import { setUp, stepsForAllTests, stepsForTests } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";

async function main({ values: { rest = false }, positionals: names }) {
  const part = rest ? "rest" : "quick";
  await setUp(rest ? stepsForAllTests() : stepsForTests());
  const stages = stagesOfChecks(part);
  const checks = stages.flatMap((stage) => stage.checks);
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown)
    throw new SetupError(`there is no check "${unknown}"; there are ${checks.map(({ name }) => name).join(", ")}`);
  for (const { report } of checks) if (report) rmSync(report, { force: true });
  const start = performance.now();
  let total = nothing;
  for (const stage of stages) {
    const chosen = stage.checks.filter(({ name }) => names.length === 0 || names.includes(name));
    total = added(total, await runChecks(chosen, stage.atOnce));
  }
  for (const sentence of lackingSentences()) console.log(`\n${sentence}`);
  saveOutcome(part, total);
  showOutcome(total, `Checks took ${((performance.now() - start) / 60_000).toFixed(1)} minutes.`);
}

const options = { rest: { type: "boolean" } };
await main(parseArgs({ options, allowPositionals: true })).catch(explain);
