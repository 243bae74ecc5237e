import type { StepSize } from "../architecture.js";
import { type DecoderConfig, type DeltaShape, deltaWidths, expertsOf, innerWidth } from "./config.js";
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
  const { hiddenSize: h, heads, kvHeads, headDim, vocabularySize } = config;
  const layers = config.layers - frozenLayers;
  const kept = (adapted.kept * layers) / config.layers;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const each = Array.from({ length: layers }, (_, i) => layerMemory(config, names, frozenLayers + i));
  const [sum, most] = [each.reduce((sum, layer) => sum + layer, 0), each.reduce((a, b) => Math.max(a, b), 0)];
  const forward = checkpointing ? (layers + 2) * h + most + adapted.widest : sum + 6 * h + kept;
  const rows = Math.min(tokens, rowsAtOnce(config));
  const logits = rows * (logitTensors(config) * vocabularySize + adapted.logits);
  const { width, scratch } = deltaSizes(config, tokens);
  const wide = 2 * Math.max(qkv + gateWidth(config), width);
  const back = Math.max(
    tokens * (innerMemory(config).back + 4 * h + wide + adapted.back) + logits + scratch,
    adapted.norms,
  );
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Columns of the gates beside queries. */
const gateWidth = ({ gatedQueries, heads, headDim }: DecoderConfig) => (gatedQueries ? heads * headDim : 0);

/** The shape of the layers with a delta rule; undefined if there are none. */
function deltaOf({ layers, attention }: DecoderConfig): DeltaShape | undefined {
  for (let i = 0; i < layers; i++) if (attention(i).delta !== undefined) return attention(i).delta;
  return undefined;
}

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
  const { hiddenSize: h, heads, kvHeads, headDim, gated, residualScale } = config;
  const { convolution, delta } = config.attention(i);
  // With norms of queries and keys, all three apart, those normed, and all three joined again.
  const queryKeyValues = names.layer(i).queryNorm === null ? 2 : 5;
  // Queries and gates by head, each, and what is attended with its gates' sigmoids.
  const gates = config.gatedQueries ? (8 * heads + 4 * kvHeads) * headDim : 0;
  const attention = queryKeyValues * (heads + 2 * kvHeads) * headDim + heads * (headDim + 1) + gates;
  const mixing = convolution === undefined ? attention : delta === undefined ? 9 * h : deltaMemory(delta);
  return (
    (residualScale === 1 ? 7 : 9) * h + mixing + (gated ? 3 : 2) * innerWidth(config, i) + expertMemory(config, i) + 2
  );
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DecoderConfig, tokens: number): number {
  const { hiddenSize: h, heads, kvHeads, headDim, vocabularySize } = config;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const logits = Math.min(tokens, rowsAtOnce(config)) * vocabularySize;
  const delta = deltaOf(config);
  const mixing = Math.max(2 * (qkv + 3 * gateWidth(config)), delta === undefined ? 0 : deltaMemory(delta));
  return FLOAT * (tokens * (6 * h + mixing + innerMemory(config).forward) + logits);
}
