import { ConfigError } from "../../errors/errors.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import type {
  MeasureEvents,
  PredictedValues,
  TrainedMeasurement,
  TrainedModel,
} from "../../training/task-definition.js";
import { reportedQuality } from "../pairs/report.js";
import {
  classQuality,
  judgedQueries,
  ndcgOfQueries,
  orderedRows,
  rankMetrics,
  relevantAbove,
  reportedClasses,
  withClasses,
} from "./rank-quality.js";
import { logitsOf, scoresIn, withEvents } from "./pair-scores.js";
import type { RankedRow } from "./read-ranked.js";

/** The cross-encoder of a finished run. */
export class TrainedRank implements TrainedModel<RankedRow> {
  constructor(readonly encoder: CrossEncoder<number | number[]>) {}

  /** The score of each pair; of several labels the most probable one, with the probability of each. */
  async predict(
    pairs: readonly (readonly [string, string])[],
    { signal, onProgress }: MeasureEvents,
  ): Promise<PredictedValues[]> {
    const { encoder: cross } = this;
    const { labels } = cross;
    const events = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
    if (labels.length === 1) return (await cross.predict(pairs, events)).map((score) => ({ score: score as number }));
    const rows = (await cross.predict(pairs, { ...events, activation: "softmax" })) as number[][];
    return rows.map((row) => {
      const best = row.indexOf(Math.max(...row));
      const probabilities = Object.fromEntries(labels.map((name, i) => [name, row[i]!]));
      return { predicted: labels[best]!, probability: row[best]!, probabilities };
    });
  }

  async measure(
    measured: readonly RankedRow[],
    events: MeasureEvents,
    others: readonly RankedRow[] = [],
  ): Promise<TrainedMeasurement> {
    const { encoder: cross } = this;
    const ofClasses = measured[0]!.loss === "cross-entropy";
    const rows = ofClasses ? withClasses(measured, cross.labels) : measured;
    if (!ofClasses && cross.labels.length > 1)
      throw new ConfigError(
        `evaluate: the cross-encoder knows the classes ${cross.labels.join(", ")}, and these rows have no classes`,
        { op: "evaluate", allowed: cross.labels },
      );
    const logits = await logitsOf(cross, rows, withEvents(events, rows));
    const { signal } = events;
    if (ofClasses)
      return { metrics: reportedClasses(await classQuality(rows, logits.flat(), cross.labels.length, signal, true)) };
    const above = relevantAbove([...rows, ...others]);
    const ordered = orderedRows(rows, scoresIn(logits));
    const judged = judgedQueries(ordered.rows, ordered.scores, above);
    const quality = { metrics: rankMetrics(judged, above), ofQueries: ndcgOfQueries(judged) };
    return { metrics: await reportedQuality(quality, signal) };
  }
}
