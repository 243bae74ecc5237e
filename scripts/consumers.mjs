// npm run test:consumers [-- name …]: sets up, packs the package and runs every project of test/consumers (or those named) with it.
import { manifestOf, names } from "./consumers/project.mjs";
import { setUp, stepsForPackage } from "./setup/index.mjs";
import { explain, SetupError } from "./setup/report.mjs";
import { chromium } from "./setup/steps/chromium.mjs";

async function main(asked) {
  const chosen = asked.length > 0 ? asked : names();
  const unknown = chosen.filter((name) => !names().includes(name));
  if (unknown.length > 0)
    throw new SetupError(`there is no consumer ${unknown.join(", ")}; there are ${names().join(", ")}`);
  const hasPage = chosen.some((name) => manifestOf(name).sites?.length > 0);
  await setUp([...stepsForPackage, ...(hasPage ? [chromium] : [])]);
  const { runConsumers } = await import("./consumers/run-all.mjs");
  const failed = await runConsumers(chosen);
  if (failed > 0) process.exitCode = 1;
}

await main(process.argv.slice(2)).catch(explain);
