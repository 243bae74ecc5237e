import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { TransformerModel } from "../architecture.js";
import type { ForwardOptions } from "../layer-checkpoint.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { Pooling } from "./pooling.js";

/** What is needed to make vectors of tokens. */
export interface PoolingParts {
  readonly graph: Graph;
  readonly model: Pick<TransformerModel, "forward" | "infer">;
  readonly pooling: Pick<Pooling, "pool">;
}

/** How a batch goes through the model: recorded for a gradient, or without. */
type Pass =
  | Pick<ForwardOptions, "checkpointing">
  | {
      /** Number of leading tokens of every text that are not pooled (a prompt's). */
      readonly skip: number;
    };

/** Vectors `[batch, width]` of a batch of texts, with the adapters of a selection of its tokens. Errors as of `Pooling.pool`. */
export function pooledBy(
  { graph, model, pooling }: PoolingParts,
  batch: RaggedBatch,
  selection: AdapterSelection,
  pass: Pass,
): NodeId {
  const isInference = "skip" in pass;
  const hidden = isInference ? model.infer(batch, selection) : model.forward(batch, selection, pass);
  return pooling.pool(graph, hidden, batch.offsets, isInference ? pass.skip : 0, selection);
}
