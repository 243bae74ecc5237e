// node scripts/test-runtimes.mjs [vitest's arguments]: sets up, then runs the built package in every runtime there is.
import { join } from "node:path";
import { setUp, stepsForRuntimes } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { show, stopIfInterrupted } from "./setup/process.mjs";
import { explain } from "./setup/report.mjs";

async function main(args) {
  await setUp(stepsForRuntimes);
  const vitest = join(root, "node_modules/.bin/vitest");
  process.exitCode = await show(vitest, ["run", "--config", "vitest.runtimes.config.ts", ...args], { cwd: root });
  stopIfInterrupted();
}

await main(process.argv.slice(2)).catch(explain);
