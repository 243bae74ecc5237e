import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { softplusOf } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { activations } from "../config-values.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { Attend } from "./attention.js";
import { type DecoderConfig, deltaWidths } from "./config.js";
import type { DecoderLayer } from "./names.js";

/** Added to the sum of a head's squares, by whose root queries and keys are divided. */
const EPS = 1e-6;

/**
 * A gated delta net (arXiv 2412.06464), without its first and its last linear layer: a short convolution and an activation, queries and keys
 * of length 1, the delta rule, a norm over each head, a gate. `given` is what the convolution sees, the gate, and what beta and the decay
 * come from, side by side.
 */
export function deltaNet(
  graph: Graph,
  given: NodeId,
  config: DecoderConfig,
  i: number,
  layer: DecoderLayer,
  { batch, selection, attend }: { batch: RaggedBatch; selection: AdapterSelection; attend: Attend },
): NodeId {
  const delta = config.attention(i).delta!;
  const { keyHeads, valueHeads, keyDim, valueDim } = delta;
  const { keys, values, mixed } = deltaWidths(delta);
  const tokens = graph.shape(given)[0]!;
  const columns = (x: NodeId, start: number, width: number) => graph.slice(x, { dim: 1, start, end: start + width });
  const seen = attend.convolution(graph, columns(given, 0, mixed), layer.convolutionKernel!, batch, i);
  const active = activations[config.activation](graph, seen);
  /** x / √(Σx² + eps) of each head, times a number: as a root-mean-square norm. */
  const unit = (start: number, factor: number) => {
    const byHead = graph.reshape(columns(active, start, keys), [tokens, keyHeads, keyDim]);
    const data = new Float32Array(keyDim).fill(factor / Math.sqrt(keyDim));
    const weight = graph.constant({ shape: [keyDim], data });
    return graph.reshape(graph.rmsNorm(byHead, weight, { eps: EPS / keyDim }), [tokens, keys]);
  };
  const ofHeads = (place: number) => columns(given, mixed + values + place * valueHeads, valueHeads);
  const steps = softplusOf(graph, graph.add(ofHeads(1), layer.decayBias!));
  const decay = graph.neg(graph.mul(graph.exp(layer.decay!), steps));
  const inputs = [
    unit(0, 1 / Math.sqrt(keyDim)),
    unit(keys, 1),
    columns(active, 2 * keys, values),
    decay,
    graph.sigmoid(ofHeads(0)),
  ] as const;
  const read = attend.recurrence(graph, inputs, batch, { layer: i, keyHeads });
  const byHead = graph.reshape(read, [tokens, valueHeads, valueDim]);
  const normed = layer.deltaNorm!.forward(byHead, selection, config.normEps);
  return graph.mul(graph.reshape(normed, [tokens, values]), graph.silu(columns(given, mixed, values)));
}
