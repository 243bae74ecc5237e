import { m } from "../../messages/index.js";
import { progress } from "../../messages/progress.js";
import { chooseRun, type Run } from "../../state/runs.js";
import { notify } from "../../state/notice.js";
import { go, step } from "../../state/view.js";

/** Shows a run that has just finished, also if an older one was shown. A user who is on another page by then stays there, and a notice says so. */
export function show(run: Run | null): void {
  if (run === null) return;
  chooseRun(run.id);
  if (step.value === "train") go("judge");
  else if (step.value !== "judge") notify(progress().trained(m().steps.judge));
}
