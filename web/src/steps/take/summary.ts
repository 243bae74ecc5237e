import type { Task } from "../../data/target.js";
import { m } from "../../messages/index.js";
import { type Run, type RunOf, taskOf } from "../../state/runs.js";
import { measuredTexts } from "../judge/verdict.js";

type Report<T extends Task> = NonNullable<RunOf<T>["report"]>;
type Summary = readonly [head: string | null, result: string];

const f1Of = (report: Parameters<typeof measuredTexts>[0]) => (share: number) =>
  `F1 ${m().share(share, measuredTexts(report))}`;

const byTask: { readonly [T in Task]: (report: Report<T>) => Summary } = {
  classify({ result: { headOnly, after } }) {
    const share = ({ accuracy }: { readonly accuracy: number }) => m().share(accuracy, after.count);
    return [headOnly && share(headOnly), share(after)];
  },
  "multi-label"(report) {
    const { yardsticks, after } = report.result;
    const f1 = f1Of(report);
    return [yardsticks.headOnly && f1(yardsticks.headOnly.f1Micro), f1(after.f1Micro)];
  },
  regress(report) {
    const { yardsticks, after } = report.result;
    const order = (value: number) => `Spearman ${m().metric(value, measuredTexts(report))}`;
    return [yardsticks.headOnly && order(yardsticks.headOnly.spearman), order(after.spearman)];
  },
  tokens(report) {
    const { headOnly, after } = report.result;
    const f1 = f1Of(report);
    return [headOnly && f1(headOnly.f1), f1(after.f1)];
  },
};

/** The main result of the simple model and of the adapted model; null where there is none. */
export const summaryOf = (run: Run): readonly [head: string | null, result: string | null] =>
  run.report === null ? [null, null] : (byTask[taskOf(run)] as (report: Run["report"]) => Summary)(run.report);
