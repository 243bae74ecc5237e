import { runProcess } from "lowrank/extension/cli";
import { run } from "./program.js";

await runProcess("lowrank-flower", run);
