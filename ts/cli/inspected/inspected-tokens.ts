import { tasks } from "../../tasks/index.js";
import type { TaskTable } from "../../training/task-definition.js";
import { formatLength, type RunSettings, taskOf } from "../../training/spec/run-settings.js";
import { formatTargets } from "../../training/spec/training-settings.js";
import type { TokenReport } from "../../tasks/tokens/run/token-report.js";
import { formatCount, formatPercent, formatRate } from "../terminal/number-format.js";
import { clip } from "../terminal/table.js";

/** A name from a file, which a stranger may have written. */
const named = (name: unknown) => clip(String(name), 300);

/** What was trained on, and how. */
export function taskRows(settings: RunSettings): string[][] {
  const { data, validation, test, model, batchSize, learningRate, rank, alpha, targetModules, seed, headOnly } =
    settings;
  const measured = test ?? validation;
  const task = taskOf(settings);
  const examples = task === "tokens" ? "labelled words" : `task ${task}`;
  const trained = `${formatLength(settings, (tasks as TaskTable)[task]!.plan.length)} of ${batchSize}, learning rate ${formatRate(learningRate)}, rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`;
  return [
    ["data", `${named(data)}, ${examples}${measured === null ? "" : `; tested on ${named(measured)}`}`],
    ["base", named(model)],
    ["settings", `${headOnly ? "the head alone, fitted to frozen vectors" : trained}, seed ${seed}`],
  ];
}

/** What such a run gave, as far as its report says: it may be of another version. */
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
            `${share(result.headOnly)} the head alone, ${share(result.after)} the result` +
              (tested === undefined ? "" : `, on ${formatCount(tested)} ${result.measuredOn} examples`),
          ],
        ]),
  ];
}
