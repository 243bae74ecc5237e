import { type Metric, tasks } from "lowrank/extension";
import { formatPercent } from "lowrank/extension/cli";
import type { TrainingOutcome } from "../index.js";

/** What a finished job reached, for a line of a list: accuracy, the task's main metric, or the loss; empty if nothing was measured. */
export function resultText({ accuracy, metric = null, loss }: Pick<TrainingOutcome, "accuracy" | "metric" | "loss">) {
  if (metric !== null && metric.name !== "accuracy") {
    const { title, format } = describedMetric(metric) ?? { title: metric.name, format: null };
    return `${title} ${format === "share" ? formatPercent(metric.value) : metric.value.toFixed(3)}`;
  }
  if (accuracy !== null) return `${formatPercent(accuracy)} right`;
  return loss === null ? "" : `loss ${loss.toFixed(3)}`;
}

/** A task's metric; undefined for those of other versions. */
function describedMetric({ task, name }: NonNullable<TrainingOutcome["metric"]>): Metric | undefined {
  if (!Object.hasOwn(tasks, task)) return undefined;
  const metrics: Readonly<Record<string, Metric>> = tasks[task as keyof typeof tasks].metrics;
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}
