import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { ConfigError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { inTraining } from "../../train/claims.js";

/** An adapter and a head on an encoder. */
interface Trained {
  readonly encoder: SentenceEncoder;
  readonly modelAdapter: ModelAdapter | null;
  readonly ownsEncoder: boolean;
}

/**
 * Frees adapter and head, and the encoder if it belongs to them. Throws `ConfigError` while they are trained or merged; removing an adapter
 * checks that too.
 *
 * @param kind what the message calls them; @param head all nodes of the head; @param trained parameters that no `fit` may be training
 */
export function disposeTrained(
  { encoder, modelAdapter, ownsEncoder }: Trained,
  kind: string,
  head: readonly NodeId[],
  trained: readonly NodeId[],
): void {
  const { adapterSet, graph } = encoder;
  if (!graph.gone && inTraining(graph, trained))
    throw new ConfigError(`dispose: ${kind} is being trained; await its fit first`, {
      op: "dispose",
      reason: "running",
    });
  if (modelAdapter !== null && adapterSet.has(modelAdapter)) adapterSet.remove(modelAdapter.name, "dispose");
  if (!graph.gone) graph.release(head);
  if (ownsEncoder) encoder.dispose();
}
