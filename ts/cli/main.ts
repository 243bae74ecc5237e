import { run } from "./program.js";
import { runProcess } from "./run-program.js";

await runProcess("lowrank", run);
