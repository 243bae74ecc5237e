import type { Task } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { type Run, type RunOf, taskOf } from "../../state/runs.js";

type Report<T extends Task> = NonNullable<RunOf<T>["report"]>;
type Summary = readonly [head: string | null, result: string];

const f1 = (share: number) => `F1 ${m().percent(share)}`;

const byTask: { readonly [T in Task]: (report: Report<T>) => Summary } = {
  classify: ({ result: { headOnly, after } }) => [
    headOnly && m().percent(headOnly.accuracy),
    m().percent(after.accuracy),
  ],
  "multi-label": ({ result: { yardsticks, after } }) => [
    yardsticks.headOnly && f1(yardsticks.headOnly.f1Micro),
    f1(after.f1Micro),
  ],
  regress({ result: { yardsticks, after } }) {
    const order = (value: number) => `Spearman ${m().decimal(value)}`;
    return [yardsticks.headOnly && order(yardsticks.headOnly.spearman), order(after.spearman)];
  },
  tokens: ({ result: { headOnly, after } }) => [headOnly && f1(headOnly.f1), f1(after.f1)],
};

/** The main result of the simple model and of the adapted model; null where there is none. */
export const summaryOf = (run: Run): readonly [head: string | null, result: string | null] =>
  run.report === null ? [null, null] : (byTask[taskOf(run)] as (report: Run["report"]) => Summary)(run.report);
