// node scripts/setup.mjs [dist]: all the set-up and nothing else, or only up to the built package.
import { setUp, stepsForPackage, stepsForTests } from "./setup/index.mjs";
import { explain } from "./setup/report.mjs";

await setUp(process.argv[2] === "dist" ? stepsForPackage : stepsForTests).catch(explain);
