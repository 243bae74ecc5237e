import { ConfigError } from "../../errors/errors.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { MeasureEvents, TrainedModel } from "../../training/task-definition.js";
import { rowsToMeasure, vectorMetrics } from "./pair-quality.js";
import type { PairRow } from "./read-pairs.js";
import { TextVectors } from "./text-vectors.js";

/** An encoder with the adapter of a finished run, which is active. */
export class TrainedPairs implements TrainedModel<PairRow> {
  constructor(private readonly encoder: SentenceEncoder) {}

  predict(): Promise<never> {
    throw new ConfigError(
      "predict: an adapter for sentence vectors predicts no labels: encode texts, and compare their vectors",
      {
        op: "predict",
      },
    );
  }

  async measure(
    measured: readonly PairRow[],
    { signal, onProgress }: MeasureEvents,
    others: readonly PairRow[] = [],
  ): Promise<Readonly<Record<string, number>>> {
    const { encoder } = this;
    const rows = rowsToMeasure(measured[0]!.form, { measured, others });
    const share = (done: number, all: number) => onProgress?.(Math.floor((done / all) * measured.length));
    const vectorOf = await new TextVectors(encoder).of(rows, encoder.adapterSet.current, { signal, onProgress: share });
    return (await vectorMetrics(rows, vectorOf, encoder.graph.engine, signal)).metrics;
  }
}
