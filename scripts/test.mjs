// node scripts/test.mjs [--all] [check …]: sets up, then runs every check (or those named) and adds up what passed and failed.
// `--all` is the whole matrix: every build in Node and Chromium, the services of the queue and the federation, three browsers.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { findChromium } from "./browsers/chromium.mjs";
import { stagesOfChecks } from "./checks/index.mjs";
import { runChecks } from "./checks/run.mjs";
import { setUp, stepsForAllTests, stepsForTests } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";

async function main({ values: { all = false }, positionals: names }) {
  await setUp(all ? stepsForAllTests() : stepsForTests());
  const stages = stagesOfChecks({ all });
  const checks = stages.flatMap((stage) => stage.checks);
  const unknown = names.find((name) => !checks.some((check) => check.name === name));
  if (unknown)
    throw new SetupError(`there is no check "${unknown}"; there are ${checks.map(({ name }) => name).join(", ")}`);
  for (const { report } of checks) if (report) rmSync(report, { force: true });
  const start = performance.now();
  const total = { passed: 0, failed: 0, names: [], unsteady: [] };
  for (const stage of stages) {
    const chosen = stage.checks.filter(({ name }) => names.length === 0 || names.includes(name));
    const { passed, failed, names: ofStage, unsteady } = await runChecks(chosen, stage.atOnce);
    total.passed += passed;
    total.failed += failed;
    total.names.push(...ofStage);
    total.unsteady.push(...unsteady);
  }
  if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
  if (findChromium() === null) console.log(`\n${withoutChromium}`);
  if (total.unsteady.length > 0)
    console.log(`\nFailed, and passed when run again by itself (find the race):\n  ${total.unsteady.join("\n  ")}`);
  if (total.names.length > 0) console.log(`\nFailed:\n  ${total.names.join("\n  ")}`);
  console.log(`\nChecks took ${((performance.now() - start) / 60_000).toFixed(1)} minutes.`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
}

const withoutChromium =
  "No Chromium was found, so no test in a browser ran. Install one (Debian: apt-get install chromium), or set CHROMIUM to its path.";

const options = { all: { type: "boolean" } };
await main(parseArgs({ options, allowPositionals: true })).catch(explain);
