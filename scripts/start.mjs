// npm start [-- options of `lowrank finetune`]: sets up, then runs the main job.
import { join } from "node:path";
import { setUp, stepsForStart } from "./setup/index.mjs";
import { root } from "./setup/paths.mjs";
import { show } from "./setup/process.mjs";
import { explain } from "./setup/report.mjs";

async function main(options) {
  await setUp(stepsForStart(options));
  console.log(["▸ lowrank finetune", ...options].join(" "));
  // The job hears Ctrl-C itself, keeps its checkpoint and ends; `show` waits for that.
  process.exitCode = await show("node", [join(root, "dist/cli.js"), "finetune", ...options], { cwd: root });
}

await main(process.argv.slice(2)).catch(explain);
