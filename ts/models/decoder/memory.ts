import type { StepSize } from "../architecture.js";
import type { DecoderConfig } from "./config.js";

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
  { tokens, adapted, checkpointing = false, frozenLayers = 0 }: StepSize,
): number {
  const { hiddenSize: h, intermediateSize: inner, heads, kvHeads, headDim, gated, vocabularySize } = config;
  const branches = config.residualScale === 1 ? 7 : 9;
  const layers = config.layers - frozenLayers;
  const kept = (adapted.kept * layers) / config.layers;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const layer = branches * h + 2 * qkv + heads * (headDim + 1) + (gated ? 3 : 2) * inner + 2;
  const forward = checkpointing ? (layers + 2) * h + layer + adapted.widest : layers * layer + 6 * h + kept;
  const rows = Math.min(tokens, rowsAtOnce(config));
  const logits = rows * (logitTensors(config) * vocabularySize + adapted.logits);
  const back = Math.max(tokens * (3 * inner + 4 * h + 2 * qkv + adapted.back) + logits, adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DecoderConfig, tokens: number): number {
  const { hiddenSize: h, intermediateSize: inner, heads, kvHeads, headDim, vocabularySize } = config;
  const qkv = (heads + 2 * kvHeads) * headDim;
  const logits = Math.min(tokens, rowsAtOnce(config)) * vocabularySize;
  return FLOAT * (tokens * (6 * h + 2 * qkv + 3 * inner) + logits);
}
