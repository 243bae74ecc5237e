import type { StepSize } from "../architecture.js";
import {
  type DecoderConfig,
  deltaOf,
  type DeltaShape,
  deltaWidths,
  expertsOf,
  innerWidth,
  keySources,
  type LayerSizes,
  sizesOf,
} from "./config.js";
import type { DecoderNames } from "./names.js";

const FLOAT = 4;

/** Elements of logits that are in memory at once. */
const LOGITS_AT_ONCE = 1 << 22;

/** Rows whose logits are in memory at once. */
export const rowsAtOnce = ({ vocabularySize }: Pick<DecoderConfig, "vocabularySize">): number =>
  Math.max(1, Math.floor(LOGITS_AT_ONCE / vocabularySize));

/** Tensors of logits with their gradients: with a cap those before it too, and what it is computed by. */
const logitTensors = ({ logitCap }: DecoderConfig) => (logitCap === null ? 2 : 6);

/**
 * Bytes that the tape of one training step takes: what each layer keeps, its widest gradients, and of the head one piece of logits
 * with its gradient.
 */
export function stepMemory(
  config: DecoderConfig,
  names: DecoderNames,
  { tokens, adapted, checkpointing = false, frozenLayers = 0 }: StepSize,
): number {
  const { hiddenSize: h, vocabularySize } = config;
  const qkv = widest(config);
  const layers = config.layers - frozenLayers;
  const kept = (adapted.kept * layers) / config.layers;
  const memory = Array.from({ length: layers }, (_, i) => layerMemory(config, names, frozenLayers + i));
  const [sum, most] = [memory.reduce((sum, layer) => sum + layer, 0), memory.reduce((a, b) => Math.max(a, b), 0)];
  const others = otherShapes(config, names);
  const forward = checkpointing ? (layers + 2) * h + most + others.kept + adapted.widest : sum + 6 * h + kept;
  const rows = Math.min(tokens, rowsAtOnce(config));
  const logits = rows * (logitTensors(config) * vocabularySize + adapted.logits);
  const { width, scratch } = deltaSizes(config, tokens);
  // Gradients of queries, keys and values, with norms those of what is normed too, whose parts have sizes of their own.
  const parts = names.layer(config.layers - 1).queryNorm === null ? 2 : 5;
  const wide = Math.max(parts * qkv + 2 * gateWidth(config), 2 * width);
  const each = innerMemory(config).back + (config.residualScale === 1 ? 4 : 6) * h + wide + others.back + adapted.back;
  const back = Math.max(tokens * each + logits + scratch, adapted.norms);
  const shared = sharedMemory(config) + adapted.tables;
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + shared) + back + adapted.fixed)) + 65_536;
}

/**
 * Numbers of each token that layers of other shapes than the largest take beside it: memory is used again for values of the same size alone.
 * `kept` is what a layer that is computed again keeps, `back` gradients.
 */
function otherShapes(config: DecoderConfig, names: DecoderNames): { readonly kept: number; readonly back: number } {
  const attention = new Map<string, { readonly kept: number; readonly back: number }>();
  const inner = new Set<number>();
  for (let i = 0; i < config.layers; i++) {
    const { sizes } = config.attention(i);
    // All layers of other models that attend are alike.
    if (sizes === undefined) return { kept: lesserInner(config), back: 0 };
    const [queries, keys] = [config.heads * sizes.headDim, sizes.kvHeads * sizes.headDim];
    const back = 5 * queries + 8 * keys;
    attention.set(`${queries} ${keys}`, { kept: mixingMemory(config, names, i), back });
    inner.add(sizes.intermediateSize);
  }
  const [, ...others] = [...attention.values()].sort((a, b) => b.kept - a.kept);
  const [, ...widths] = [...inner].sort((a, b) => b - a);
  const inners = 3 * widths.reduce((sum, width) => sum + width, 0);
  const sum = (key: "kept" | "back") => others.reduce((all, one) => all + one[key], 0);
  return { kept: inners + sum("kept"), back: sum("back") };
}

/** Numbers of each token in inner layers without experts beside those with: of each kind the widest, and of these the narrower. */
function lesserInner(config: DecoderConfig): number {
  let [dense, sparse] = [0, 0];
  for (let i = 0; i < config.layers; i++) {
    const [inner, experts] = [3 * innerWidth(config, i), expertMemory(config, i)];
    if (experts === 0) dense = Math.max(dense, inner);
    else sparse = Math.max(sparse, inner + experts);
  }
  return Math.min(dense, sparse);
}

/** Columns of queries, keys and values in the layer with the most. */
function widest(config: DecoderConfig): number {
  let most = 0;
  for (let i = 0; i < config.layers; i++) most = Math.max(most, columnsOf(config, sizesOf(config, i)));
  return most;
}

/** Columns of queries, keys and values. */
const columnsOf = ({ heads }: DecoderConfig, { kvHeads, headDim }: LayerSizes) => (heads + 2 * kvHeads) * headDim;

/** Numbers of each token that layers share: vectors of all of them, as they are computed, and keys and values of some. */
function sharedMemory(config: DecoderConfig): number {
  const vectors = 6 * config.layers * (config.perLayer?.width ?? 0);
  let keys = 0;
  for (const source of keySources(config)) {
    const { kvHeads, headDim } = sizesOf(config, source);
    keys += 2 * (config.hiddenSize + 3 * kvHeads * headDim);
  }
  return vectors + keys;
}

/** Columns of the gates beside queries. */
const gateWidth = ({ gatedQueries, heads, headDim }: DecoderConfig) => (gatedQueries ? heads * headDim : 0);

/** Columns of a delta net's first layer, and what its gradient needs beside it on up to eight threads: states of eight columns. */
function deltaSizes(config: DecoderConfig, tokens: number): { readonly width: number; readonly scratch: number } {
  const delta = deltaOf(config);
  if (delta === undefined) return { width: 0, scratch: 0 };
  const { values, mixed } = deltaWidths(delta);
  return { width: mixed + values, scratch: 8 * 8 * delta.keyDim * (5 + 2 * Math.sqrt(tokens)) };
}

/** Numbers of each token that a delta net computes: its first layer, parts of it, what the convolution sees and makes, heads apart and normed. */
function deltaMemory(delta: DeltaShape): number {
  const { keys, values, mixed } = deltaWidths(delta);
  return 4 * mixed + 4 * keys + 7 * values + 12 * delta.valueHeads + 2 * delta.keyHeads;
}

/** Numbers of each token that its experts compute: their inputs, inner layers, results, these weighted, the router's scores and weights. */
function expertMemory(config: DecoderConfig, i: number): number {
  const shape = expertsOf(config, i);
  if (shape === null) return 0;
  const { count, chosen, width, sharedWidth } = shape;
  const { hiddenSize: h } = config;
  return chosen * (3 * h + 3 * width + 6) + 2 * count + (sharedWidth === 0 ? 0 : 2 * h);
}

/** The most that any layer's feed-forward part computes of a token, and gradients of it: memory is free again for those of the same size. */
function innerMemory(config: DecoderConfig): { readonly forward: number; readonly back: number } {
  let [forward, dense, sparse] = [0, 0, 0];
  for (let i = 0; i < config.layers; i++) {
    const [inner, experts] = [3 * innerWidth(config, i), expertMemory(config, i)];
    forward = Math.max(forward, inner + experts);
    dense = Math.max(dense, inner);
    sparse = Math.max(sparse, experts);
  }
  return { forward, back: dense + sparse };
}

/** Numbers that a layer keeps of each token. */
function layerMemory(config: DecoderConfig, names: DecoderNames, i: number): number {
  const { hiddenSize: h, gated, residualScale, perLayer, layerScale } = config;
  const { attentionPostNorm, innerPostNorm } = names.layer(i);
  const vectors = perLayer === null ? 0 : 3 * h + 4 * perLayer.width;
  const norms = attentionPostNorm !== null && innerPostNorm !== null ? 1 : 0;
  const results = (residualScale === 1 ? 7 : 9) + norms + (layerScale ? 1 : 0);
  const inner = (gated ? 3 : 2) * innerWidth(config, i) + expertMemory(config, i);
  return results * h + mixingMemory(config, names, i) + inner + vectors + 2;
}

/** Bytes of these that attention or a convolution keeps. */
function mixingMemory(config: DecoderConfig, names: DecoderNames, i: number): number {
  const { hiddenSize: h, heads } = config;
  const { convolution, delta } = config.attention(i);
  if (convolution !== undefined) return delta === undefined ? 9 * h : deltaMemory(delta);
  const sizes = sizesOf(config, i);
  const { kvHeads, headDim } = sizes;
  // With norms of queries and keys, all three apart, those normed, and all three joined again.
  const queryKeyValues = names.layer(i).queryNorm === null ? 2 : 5;
  // Queries and gates by head, each, and what is attended with its gates' sigmoids.
  const gates = config.gatedQueries ? (8 * heads + 4 * kvHeads) * headDim : 0;
  const values = config.valueNorm ? kvHeads * headDim : 0;
  return queryKeyValues * columnsOf(config, sizes) + heads * (headDim + 1) + gates + values;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DecoderConfig, tokens: number): number {
  const { hiddenSize: h, vocabularySize } = config;
  const qkv = widest(config);
  const logits = Math.min(tokens, rowsAtOnce(config)) * vocabularySize;
  const delta = deltaOf(config);
  const mixing = Math.max(2 * (qkv + 3 * gateWidth(config)), delta === undefined ? 0 : deltaMemory(delta));
  return FLOAT * (tokens * (6 * h + mixing + innerMemory(config).forward + sharedMemory(config)) + logits);
}
