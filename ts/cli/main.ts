import { run } from "./program.js";
import { runProcess } from "./run-process.js";

await runProcess("lowrank", run);
