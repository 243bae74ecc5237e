import type { TaskName } from "../../tasks/index.js";
import { classifierView } from "./classifier-view.js";
import { languageView } from "./language-view.js";
import { metricsView, pairsView } from "./metrics-view.js";
import { multiLabelView } from "./multi-label-view.js";
import type { RunView } from "./run-view.js";
import { tokenView } from "./token-view.js";

/** How runs are shown, by task. */
export const runViews: Readonly<Record<TaskName, RunView<never>>> = {
  classify: classifierView,
  "multi-label": multiLabelView,
  tokens: tokenView,
  regress: metricsView,
  pairs: pairsView,
  rank: pairsView,
  text: languageView,
  chat: languageView,
  preferences: { result: metricsView.result, next: languageView.next },
};
