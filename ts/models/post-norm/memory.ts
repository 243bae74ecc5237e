import type { StepSize } from "../architecture.js";
import type { EncoderConfig } from "./config.js";

const FLOAT = 4;

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k, v, their context and six more of the hidden size, the
 * inner layer before and after its activation, and a few numbers a token; going back, the widest gradients that live at
 * once are two inner ones and six hidden ones. With checkpoints only one layer has all of that at a time, the others what they
 * came to. A hundredth goes to rounding blocks up.
 */
export function stepMemory(config: EncoderConfig, { tokens, rank, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const layer = 10 * h + 2 * inner + heads + 4 + 4 * rank;
  const forward = checkpointing ? (layers + 1) * h + layer : layers * layer + embeddings(config) + 4;
  return Math.ceil(1.01 * FLOAT * tokens * (forward + 2 * inner + 6 * h)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory({ hiddenSize: h, intermediateSize: inner }: EncoderConfig, tokens: number): number {
  return FLOAT * tokens * (12 * h + 2 * inner);
}

/** Numbers a token that the embeddings keep. */
function embeddings({ hiddenSize, embeddingSize, projected }: EncoderConfig): number {
  return 5 * embeddingSize + (projected ? hiddenSize : 0);
}
