import { ConfigError } from "../../errors/errors.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import type { MeasureEvents, TrainedModel } from "../../training/task-definition.js";
import { logitsOf, withEvents } from "./pair-scores.js";
import { judgedQueries, rankMetrics, relevantAbove } from "./rank-quality.js";
import type { RankedRow } from "./read-ranked.js";

/** The cross-encoder of a finished run. */
export class TrainedRank implements TrainedModel<RankedRow> {
  constructor(private readonly cross: CrossEncoder) {}

  predict(): Promise<never> {
    throw new ConfigError("predict: a cross-encoder scores pairs of texts: `CrossEncoder.predict` and `rank` do", {
      op: "predict",
    });
  }

  async measure(
    measured: readonly RankedRow[],
    events: MeasureEvents,
    others: readonly RankedRow[] = [],
  ): Promise<Readonly<Record<string, number>>> {
    const logits = await logitsOf(this.cross, measured, withEvents(events, measured));
    const above = relevantAbove([...measured, ...others]);
    return rankMetrics(judgedQueries(measured, logits, above), above);
  }
}
