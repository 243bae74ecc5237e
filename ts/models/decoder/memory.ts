import type { StepSize } from "../architecture.js";
import type { DecoderConfig } from "./config.js";
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
  const { hiddenSize: h, intermediateSize: inner, heads, kvHeads, headDim, vocabularySize } = config;
  const layers = config.layers - frozenLayers;
  const kept = (adapted.kept * layers) / config.layers;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const each = Array.from({ length: layers }, (_, i) => layerMemory(config, names, frozenLayers + i));
  const [sum, most] = [each.reduce((sum, layer) => sum + layer, 0), each.reduce((a, b) => Math.max(a, b), 0)];
  const forward = checkpointing ? (layers + 2) * h + most + adapted.widest : sum + 6 * h + kept;
  const rows = Math.min(tokens, rowsAtOnce(config));
  const logits = rows * (logitTensors(config) * vocabularySize + adapted.logits);
  const back = Math.max(tokens * (3 * inner + 4 * h + 2 * qkv + adapted.back) + logits, adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Numbers that a layer keeps of each token. */
function layerMemory(config: DecoderConfig, names: DecoderNames, i: number): number {
  const { hiddenSize: h, intermediateSize: inner, heads, kvHeads, headDim, gated, residualScale } = config;
  const attends = config.attention(i).convolution === undefined;
  // With norms of queries and keys, all three apart, those normed, and all three joined again.
  const queryKeyValues = names.layer(i).queryNorm === null ? 2 : 5;
  const mixing = attends ? queryKeyValues * (heads + 2 * kvHeads) * headDim + heads * (headDim + 1) : 9 * h;
  return (residualScale === 1 ? 7 : 9) * h + mixing + (gated ? 3 : 2) * inner + 2;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DecoderConfig, tokens: number): number {
  const { hiddenSize: h, intermediateSize: inner, heads, kvHeads, headDim, vocabularySize } = config;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const logits = Math.min(tokens, rowsAtOnce(config)) * vocabularySize;
  return FLOAT * (tokens * (6 * h + 2 * qkv + 3 * inner) + logits);
}
