import type { AdaptedNorm } from "../../adapters/adapted-norm.js";
import type { AdapterSelection } from "../../adapters/adapter-selection.js";
import { applyRotary, attendCached, attendCapped, convolved, deltaRule } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { log } from "../../values/elementary.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { Rotation } from "../rotary-embedding.js";
import { type DecoderConfig, type LayerSizes, sizesOf } from "./config.js";
import type { KeyValueCache } from "./key-value-cache.js";
import type { DecoderLayer } from "./names.js";
import type { RotaryForm } from "./rotary-form.js";

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

/** Attention within texts that are wholly in the batch. */
export const attendWhole: Attend = {
  keeps: false,
  attention: (graph, qkv, { offsets }, { heads, kvHeads, causal, window, scale, cap }) =>
    cap === null
      ? graph.raggedAttention(qkv, { offsets, heads, kvHeads, causal, scale, ...(window === null ? {} : { window }) })
      : attendCapped(graph, qkv, { offsets, heads, kvHeads, causal, scale, window, cap }),
  convolution: (graph, x, weight, { offsets }) => convolved(graph, x, weight, { offsets }),
  recurrence: (graph, inputs, { offsets }, { keyHeads }) => deltaRule(graph, inputs, { offsets, keyHeads }),
};

/** Attention of texts whose earlier tokens are in caches; adds the batch's tokens to them. The caches must have room. */
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

/** What attention needs of a pass over a batch. */
export interface AttendedPass {
  readonly batch: RaggedBatch;
  readonly selection: AdapterSelection;
  readonly rotation: (form: RotaryForm) => Rotation;
  readonly attend: Attend;
  /** Keys and values that later layers use, `[tokens, 2·kvHeads·d]`, by the layer that they are of. */
  readonly keys: ReadonlyMap<number, NodeId>;
}

/** Attention, without its last linear layer. */
interface Attended {
  /** What each head attends to: `[tokens, heads·d]`. */
  readonly mixed: NodeId;
  /** Queries, keys and values, normed and rotated, as far as the layer has its own. */
  readonly qkv: NodeId;
}

/** Attention of a layer's input, without its last linear layer. */
export function attended(
  graph: Graph,
  input: NodeId,
  config: DecoderConfig,
  i: number,
  layer: DecoderLayer,
  { batch, selection, rotation, attend, keys }: AttendedPass,
): Attended {
  const { heads, causal, scale, scoreCap: cap } = config;
  const { rotary, window, keysOf } = config.attention(i);
  const { kvHeads, headDim } = sizesOf(config, i);
  const { qkv: given, gates } = withoutGates(graph, layer.queryKeyValue!.forward(input, selection), config);
  let qkv = normed(graph, byKind(graph, given, config), config, i, layer, selection);
  if (rotary !== null) {
    const rotated = keysOf === undefined ? heads + kvHeads : heads;
    const shape = { pairs: rotary.frequencies.length, heads: rotated, headDim, interleaved: false };
    qkv = applyRotary(graph, qkv, { ...rotation(rotary), ...shape });
  }
  qkv = grownQueries(graph, qkv, config, batch);
  const own = keysOf === undefined || !attend.keeps;
  const whole = keysOf === undefined || attend.keeps ? qkv : graph.concat([qkv, keys.get(keysOf)!], 1);
  const shape = { layer: keysOf ?? i, own, heads, kvHeads, causal, window, scale, cap };
  const found = attend.attention(graph, whole, batch, shape);
  return { mixed: gates === null ? found : graph.mul(found, graph.sigmoid(gates)), qkv };
}

/** Parts the queries from the gates beside them. */
function withoutGates(
  graph: Graph,
  given: NodeId,
  { gatedQueries, heads, headDim }: DecoderConfig,
): { readonly qkv: NodeId; readonly gates: NodeId | null } {
  if (!gatedQueries) return { qkv: given, gates: null };
  const [tokens, width] = graph.shape(given) as [number, number];
  const queries = graph.slice(given, { dim: 1, start: 0, end: 2 * heads * headDim });
  const byHead = graph.reshape(queries, [tokens, heads, 2 * headDim]);
  const half = (start: number) =>
    graph.reshape(graph.slice(byHead, { dim: 2, start, end: start + headDim }), [tokens, heads * headDim]);
  const rest = graph.slice(given, { dim: 1, start: 2 * heads * headDim, end: width });
  return { qkv: graph.concat([half(0), rest], 1), gates: half(headDim) };
}

/** Queries of long texts times a factor by their positions (Ministral 3). */
function grownQueries(
  graph: Graph,
  qkv: NodeId,
  { queryGrowth, heads, headDim }: DecoderConfig,
  { positions }: RaggedBatch,
): NodeId {
  if (queryGrowth === null || positions.every((position) => position < queryGrowth.length)) return qkv;
  const { beta, length } = queryGrowth;
  const data = Float32Array.from(positions, (position) => 1 + beta * log(1 + Math.floor(position / length)));
  const [tokens, width] = graph.shape(qkv) as [number, number];
  const columns = (start: number, end: number) => graph.slice(qkv, { dim: 1, start, end });
  const queries = graph.mul(columns(0, heads * headDim), graph.constant({ shape: [tokens, 1], data }));
  return graph.concat([queries, columns(heads * headDim, width)], 1);
}

/** Columns in the order of all queries, all keys, all values. */
function byKind(graph: Graph, qkv: NodeId, { byHead: isByHead, heads, headDim }: DecoderConfig): NodeId {
  if (!isByHead) return qkv;
  const [tokens, width] = graph.shape(qkv) as [number, number];
  const byHead = graph.reshape(qkv, [tokens, heads, 3, headDim]);
  return graph.reshape(graph.permute(byHead, [0, 2, 1, 3]), [tokens, width]);
}

/** Queries, keys and values, as far as they are given, with their norms; values from keys where these are both. */
function normed(
  graph: Graph,
  given: NodeId,
  config: DecoderConfig,
  i: number,
  { queryNorm, keyNorm }: DecoderLayer,
  selection: AdapterSelection,
): NodeId {
  const { heads, valueNorm, normEps } = config;
  const { keysOf, keysAreValues = false } = config.attention(i);
  if (queryNorm === null && keyNorm === null && !valueNorm && !keysAreValues) return given;
  const sizes = sizesOf(config, i);
  const { kvHeads, headDim } = sizes;
  const of = (x: NodeId, count: number, norm: AdaptedNorm | null) => {
    if (norm === null) return x;
    if (config.wholeQueryKeyNorm) return norm.forward(x, selection, normEps);
    return byHeads(graph, x, count, sizes, (byHead) => norm.forward(byHead, selection, normEps));
  };
  if (keysOf !== undefined) return of(given, heads, queryNorm);
  const columns = (first: number, count: number) =>
    graph.slice(given, { dim: 1, start: first * headDim, end: (first + count) * headDim });
  const queries = of(columns(0, heads), heads, queryNorm);
  const keys = columns(heads, kvHeads);
  const values = keysAreValues ? keys : columns(heads + kvHeads, kvHeads);
  const unit = () => graph.constant({ shape: [headDim], data: new Float32Array(headDim).fill(1) });
  const valued = valueNorm
    ? byHeads(graph, values, kvHeads, sizes, (byHead) => graph.rmsNorm(byHead, unit(), { eps: normEps }))
    : values;
  return graph.concat([queries, of(keys, kvHeads, keyNorm), valued], 1);
}

/** What a function makes of each head of x `[tokens, count·d]`. */
function byHeads(
  graph: Graph,
  x: NodeId,
  count: number,
  { headDim }: LayerSizes,
  of: (byHead: NodeId) => NodeId,
): NodeId {
  const tokens = graph.shape(x)[0]!;
  return graph.reshape(of(graph.reshape(x, [tokens, count, headDim])), [tokens, count * headDim]);
}
