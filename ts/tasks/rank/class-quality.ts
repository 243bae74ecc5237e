import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { measureLogits, type Metrics } from "../../train/metrics/metrics.js";
import type { ReportedMetrics } from "../../training/result/report.js";
import type { RankMetrics } from "./rank-quality.js";
import type { RankedRow } from "./read-ranked.js";

/** The metrics of pairs with classes. */
export const classMetrics = ({ accuracy, macroF1 }: Metrics): RankMetrics => ({ accuracy, macroF1 });

/** The metrics of pairs with classes, with their 95 % intervals. @param found measured with `intervals` */
export const reportedClasses = ({ accuracy, macroF1, intervals }: Metrics): ReportedMetrics => ({
  accuracy: { value: accuracy, interval: intervals!.accuracy },
  macroF1: { value: macroF1, interval: intervals!.macroF1 },
});

/** How well logits, one for each class, find the classes of rows. */
export function classQuality(
  rows: readonly RankedRow[],
  logits: readonly Float32Array[],
  classes: number,
  signal: AbortSignal | undefined,
  intervals = false,
): Promise<Metrics> {
  const targets = rows.map(({ labels: [target] }) => target!);
  return measureLogits(logits, targets, classes, { intervals, ...(signal && { signal }) });
}

/** The same of always the class that most rows to train on have; of equally frequent ones the first. */
export async function largestClass(
  train: readonly RankedRow[],
  measured: readonly RankedRow[],
  classes: number,
  signal: AbortSignal | undefined,
): Promise<RankMetrics> {
  const counts = new Float32Array(classes);
  for (const { labels } of train) counts[labels[0]!]!++;
  const always = new Float32Array(classes);
  always[counts.indexOf(counts.reduce((a, b) => Math.max(a, b)))] = 1;
  return classMetrics(
    await classQuality(
      measured,
      measured.map(() => always),
      classes,
      signal,
    ),
  );
}

/** Rows with the numbers that a cross-encoder has for their classes. Throws `ConfigError`, with the line, for a class that it does not know. */
export function withClasses(rows: readonly RankedRow[], labels: readonly string[]): RankedRow[] {
  const places = new Map(labels.map((name, i) => [name, i]));
  return rows.map((row) => {
    const place = places.get(row.name!);
    if (place !== undefined) return { ...row, labels: [place] };
    const known = labels.length === 1 ? "gives one score" : `knows the classes ${labels.join(", ")}`;
    throw new ConfigError(`line ${row.line}: the cross-encoder ${known}, got the class ${excerpt(row.name)}`, {
      line: row.line,
      value: row.name,
      allowed: labels,
    });
  });
}
