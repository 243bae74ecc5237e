import type { StepSize } from "../architecture.js";
import type { EncoderConfig } from "./config.js";

const FLOAT = 4;

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k, v, their context and six more of the hidden size, the
 * inner layer before and after its activation, and a few numbers a token; going back, the widest gradients that live at
 * once are two inner ones and six hidden ones. With checkpoints only one layer has all of that at a time, the others what they
 * came to. A hundredth goes to rounding blocks up.
 */
export function stepMemory(config: EncoderConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const layer = 10 * h + 2 * inner + heads + 4;
  const forward = checkpointing
    ? (layers + 1) * h + layer + adapted.widest + (config.projected ? embeddings(config) : 0)
    : layers * layer + embeddings(config) + 4 + served(config) * adapted.kept;
  const back = Math.max(tokens * (2 * inner + 6 * h + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory({ hiddenSize: h, intermediateSize: inner }: EncoderConfig, tokens: number): number {
  return FLOAT * tokens * (12 * h + 2 * inner);
}

/** How many layers each of those that have weights serves as. */
function served({ layers, ownLayer }: EncoderConfig): number {
  if (ownLayer === undefined) return 1;
  return layers / new Set(Array.from({ length: layers }, (_, i) => ownLayer(i))).size;
}

/** Numbers a token that the embeddings keep. */
function embeddings({ hiddenSize, embeddingSize, projected }: EncoderConfig): number {
  return 5 * embeddingSize + (projected ? hiddenSize : 0);
}
