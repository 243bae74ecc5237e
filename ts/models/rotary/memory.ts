import type { StepSize } from "../architecture.js";
import type { RotaryConfig } from "./config.js";

const FLOAT = 4;

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k and v before and after their rotation, ten more of the hidden
 * size on its way, their context and six more, and the inner layer's two halves three times; going back, the widest gradients
 * that live at once are two of the inner layer's and twelve of the hidden size. A hundredth goes to rounding blocks up.
 */
export function stepMemory(config: RotaryConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const layer = 24 * h + 6 * inner + heads + 4;
  const forward = checkpointing ? (layers + 2) * h + layer + adapted.widest : layers * layer + 6 * h + 4 + adapted.kept;
  const back = Math.max(tokens * (4 * inner + 12 * h + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory({ hiddenSize: h, intermediateSize: inner }: RotaryConfig, tokens: number): number {
  return FLOAT * tokens * (20 * h + 6 * inner);
}
