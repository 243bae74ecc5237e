import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import type { AdapterSet } from "../../../adapters/adapter-set.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import type { FitOptions } from "../../../train/fit-options.js";
import { loraPlusInOrder } from "../../../train/lora-plus-in-order.js";
import type { Task } from "../../../train/task.js";
import type { TransformerModel } from "../../architecture.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { SentenceLayout } from "../layout.js";
import { pooledBy } from "../pooling.js";
import type { SentenceRow } from "./sentence-examples.js";

/** The model that is trained. */
export interface TrainedEncoder {
  readonly graph: Graph;
  readonly model: TransformerModel;
  readonly layout: SentenceLayout;
  readonly adapterSet: AdapterSet;
}

/** A row with the token ids of its texts. */
export interface TokenizedRow extends SentenceRow {
  readonly ids: readonly Int32Array[];
}

/** How it is trained. */
export interface SentenceTraining {
  /** The mean loss of a batch's vectors, a column of texts each. */
  readonly lossOf: (columns: readonly NodeId[], rows: readonly SentenceRow[]) => NodeId;
  /** Variables that are trained beside the adapter. */
  readonly beside: readonly NodeId[];
  /** Examples that are encoded at a time; undefined for the whole batch. */
  readonly miniBatchSize: number | undefined;
  readonly normalize: boolean;
  readonly checkpointing: boolean;
  readonly loraPlusRatio: number | undefined;
  readonly fit: Pick<FitOptions, "learningRate" | "schedule" | "resume">;
}

/** The training of an adapter by a loss on vectors of texts. */
export function sentenceTask(
  { graph, model, layout, adapterSet }: TrainedEncoder,
  adapter: ModelAdapter,
  columns: number,
  { lossOf, beside, miniBatchSize, normalize, checkpointing, loraPlusRatio, fit }: SentenceTraining,
): Task<TokenizedRow> {
  const embed = (texts: readonly Int32Array[]) => {
    const pooled = pooledBy({ graph, model, pooling: layout.pooling }, raggedBatch(texts), [{ adapter }], {
      checkpointing,
    });
    return normalize ? graph.normalize(pooled) : pooled;
  };
  return {
    graph,
    params: () => [...adapter.params(), ...beside],
    ...(loraPlusRatio !== undefined && { groups: () => loraPlusInOrder(adapter, loraPlusRatio, fit, beside) }),
    loss(rows) {
      adapterSet.checkTrainable(adapter);
      const count = rows.length;
      const texts = Array.from({ length: columns }, (_, column) => rows.map(({ ids }) => ids[column]!)).flat();
      const size = miniBatchSize ?? texts.length;
      const pieces = Array.from({ length: Math.ceil(texts.length / size) }, (_, i) => {
        const some = texts.slice(i * size, (i + 1) * size);
        // Only the vectors stay on the tape; backward encodes a piece again when it comes to it.
        return size < texts.length ? graph.checkpoint(() => embed(some), []) : embed(some);
      });
      const vectors = pieces.length === 1 ? pieces[0]! : graph.concat(pieces, 0);
      const split = Array.from({ length: columns }, (_, i) =>
        graph.slice(vectors, { dim: 0, start: i * count, end: (i + 1) * count }),
      );
      const number = graph.constant({ shape: [], data: Float32Array.of(count) });
      const tokens = texts.reduce((sum, ids) => sum + ids.length, 0);
      return { sum: graph.mul(lossOf(split, rows), number), targets: count, tokens };
    },
    memory(rows) {
      const lengths = rows.flatMap(({ ids }) => ids.map(({ length }) => length)).sort((a, b) => b - a);
      const tokens = lengths.slice(0, miniBatchSize).reduce((sum, length) => sum + length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), checkpointing });
    },
  };
}
