import { runProcess } from "lowrank/extension/cli";
import { run } from "./program.js";

await runProcess("lowrank-queue", run);
