// node scripts/setup.mjs [dist|test]: all the set-up and nothing else, or only up to the built package, or what `npm test` needs.
import { setUp, stepsForAllTests, stepsForPackage, stepsForTests } from "./setup/index.mjs";
import { explain } from "./setup/report.mjs";

const steps = { dist: () => stepsForPackage, test: stepsForTests }[process.argv[2]] ?? stepsForAllTests;
await setUp(steps()).catch(explain);
