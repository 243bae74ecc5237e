import { UnsupportedError } from "../../errors/errors.js";
import { attendCached, attendCapped, convolved, deltaRule } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { GatedActivation } from "../../ops/elementwise/gated-unit.js";
import type { Activation } from "../activation.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { KeyValueCache } from "./key-value-cache.js";

/** Settings of a layer's attention. */
interface AttentionShape {
  /** The layer whose keys and values they are. */
  readonly layer: number;
  /** Whether keys and values of the tokens are in x beside the queries; else an earlier layer of the pass has computed them. */
  readonly own: boolean;
  readonly heads: number;
  readonly kvHeads: number;
  readonly causal: boolean;
  readonly window: number | null;
  readonly scale: number | undefined;
  /** c of c·tanh(score / c); null for none. */
  readonly cap: number | null;
}

/** How a pass mixes its tokens with those of before. */
export interface Attend {
  /** Whether it keeps keys and values: layers that use those of an earlier one then give queries alone, `[tokens, heads·d]`. */
  readonly keeps: boolean;
  /** Attention of qkv `[tokens, (heads + 2·kvHeads)·d]`, after the rotary embedding → `[tokens, heads·d]`. */
  attention(graph: Graph, qkv: NodeId, batch: RaggedBatch, shape: AttentionShape): NodeId;
  /** Short convolution of x `[tokens, hidden]` with a layer's weights. */
  convolution(graph: Graph, x: NodeId, weight: NodeId, batch: RaggedBatch, layer: number): NodeId;
  /** The gated delta rule of q, k, v, g and beta, as the op has them. */
  recurrence(graph: Graph, inputs: DeltaInputs, batch: RaggedBatch, shape: { layer: number; keyHeads: number }): NodeId;
}

type DeltaInputs = readonly [q: NodeId, k: NodeId, v: NodeId, g: NodeId, beta: NodeId];

/** Of texts that are wholly in the batch. */
export const attendWhole: Attend = {
  keeps: false,
  attention: (graph, qkv, { offsets }, { heads, kvHeads, causal, window, scale, cap }) =>
    cap === null
      ? graph.raggedAttention(qkv, { offsets, heads, kvHeads, causal, scale, ...(window === null ? {} : { window }) })
      : attendCapped(graph, qkv, { offsets, heads, kvHeads, causal, scale, window, cap }),
  convolution: (graph, x, weight, { offsets }) => convolved(graph, x, weight, { offsets }),
  recurrence: (graph, inputs, { offsets }, { keyHeads }) => deltaRule(graph, inputs, { offsets, keyHeads }),
};

/** For texts whose earlier tokens are in caches; adds the batch's tokens to them. The caches must have room. */
export const attendBehind = (caches: readonly KeyValueCache[]): Attend => ({
  keeps: true,
  attention(graph, qkv, { offsets }, { layer, own, heads, kvHeads, window, scale, cap }) {
    const sequences = caches.map((cache, i) => ({
      ...cache.layer(layer),
      start: offsets[i]!,
      end: offsets[i + 1]!,
      past: cache.length,
    }));
    return attendCached(graph, qkv, { heads, kvHeads, own, window, scale, cap, sequences });
  },
  convolution: (graph, x, weight, { offsets }, layer) =>
    convolved(graph, x, weight, { offsets, states: caches.map((cache) => cache.convolution(layer)) }),
  recurrence: (graph, inputs, { offsets }, { layer, keyHeads }) =>
    deltaRule(graph, inputs, { offsets, keyHeads, states: caches.map((cache) => cache.recurrence(layer)) }),
});

const gatedForms: Partial<Record<Activation, GatedActivation>> = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_tanh",
  gelu_fast: "gelu_tanh",
  gelu_pytorch_tanh: "gelu_tanh",
};

/** The kernels' name of a gated unit's activation. Throws `UnsupportedError` for an activation that they lack. */
export function gatedOf(activation: Activation): GatedActivation {
  const found = gatedForms[activation];
  if (found !== undefined) return found;
  throw new UnsupportedError(
    `config.json: a gated inner layer by "${activation}" is not supported; SiLU and GELU are`,
    {
      key: "hidden_act",
      value: activation,
    },
  );
}
