// node scripts/setup.mjs [dist|test|queue|flower]: all the set-up and nothing else, or only up to the built packages, or what `npm test` or the
// tests of a package need.
import {
  setUp,
  stepsForAllTests,
  stepsForFlower,
  stepsForPackage,
  stepsForQueue,
  stepsForTests,
} from "./setup/index.mjs";
import { explain } from "./setup/report.mjs";

const steps = { dist: stepsForPackage, test: stepsForTests(), queue: stepsForQueue, flower: stepsForFlower };
await setUp(steps[process.argv[2]] ?? stepsForAllTests()).catch(explain);
