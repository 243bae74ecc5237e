import { tasks } from "../../tasks/index.js";
import type { TaskTable } from "../../training/task-definition.js";
import { formatLength, type RunSettings, taskOf } from "../../training/spec/run-settings.js";
import { formatTargets } from "../../training/spec/training-settings.js";
import type { TokenReport } from "../../tasks/tokens/run/token-report.js";
import { formatCount, formatPercent, formatRate } from "../terminal/number-format.js";
import { clip } from "../terminal/table.js";

/** A name from an untrusted file. */
const named = (name: unknown) => clip(String(name), 300);

/** Data and settings of a run. */
export function taskRows(settings: RunSettings): string[][] {
  const { data, validation, test, model, batchSize, learningRate, rank, alpha, targetModules, seed, headOnly } =
    settings;
  const measured = test ?? validation;
  const task = taskOf(settings);
  const trained = `${formatLength(settings, (tasks as TaskTable)[task]!.plan.length)} of ${batchSize}, learning rate ${formatRate(learningRate)}, rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`;
  return [
    ["data", `${named(data)}, task ${task}${measured === null ? "" : `; tested on ${named(measured)}`}`],
    ["base", named(model)],
    ["settings", `${headOnly ? "only the head, fitted to frozen vectors" : trained}, seed ${seed}`],
  ];
}

/** The results of such a run that its report contains; the report may be of another version. */
export function entityRows({ result, data }: Partial<Omit<TokenReport, "steps">>): string[][] {
  const share = (metrics: { readonly f1?: unknown } | null | undefined) =>
    typeof metrics?.f1 === "number" ? formatPercent(metrics.f1) : "–";
  const tested = (data?.test ?? data?.validation)?.examples;
  return [
    ...(data === undefined ? [] : [["labels", clip(data.labels.join(", "), 80)]]),
    ...(result === undefined
      ? []
      : [
          [
            "entity F1",
            `${share(result.headOnly)} head-only baseline, ${share(result.after)} the result` +
              (tested === undefined ? "" : `, on ${formatCount(tested)} ${result.measuredOn} examples`),
          ],
        ]),
  ];
}
