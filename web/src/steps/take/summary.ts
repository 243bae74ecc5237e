import type { Task } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { type Run, type RunOf, taskOf } from "../../state/runs.js";

type Report<T extends Task> = NonNullable<RunOf<T>["report"]>;
type Summary = readonly [head: string | null, result: string];

const byTask: { readonly [T in Task]: (report: Report<T>) => Summary } = {
  classify: ({ result: { headOnly, after } }) => [
    headOnly && m().percent(headOnly.accuracy),
    m().percent(after.accuracy),
  ],
  "multi-label"({ result: { yardsticks, after } }) {
    const f1 = (share: number) => `F1 ${m().percent(share)}`;
    return [yardsticks.headOnly && f1(yardsticks.headOnly.f1Micro), f1(after.f1Micro)];
  },
  regress({ result: { yardsticks, after } }) {
    const order = (value: number) => `Spearman ${m().decimal(value)}`;
    return [yardsticks.headOnly && order(yardsticks.headOnly.spearman), order(after.spearman)];
  },
};

/** The main result of the simple model and of the adapted model; null where there is none. */
export const summaryOf = (run: Run): readonly [head: string | null, result: string | null] =>
  run.report === null ? [null, null] : (byTask[taskOf(run)] as (report: Run["report"]) => Summary)(run.report);
