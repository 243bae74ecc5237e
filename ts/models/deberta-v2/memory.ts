import type { StepSize } from "../architecture.js";
import type { DebertaConfig } from "./config.js";

const FLOAT = 4;

/** Numbers a token that the scores by distance take: the products, and the same by head, for each kind. */
function distanceScores({ heads, relative }: DebertaConfig, tokens: number): number {
  if (relative === null) return 0;
  const rows = Math.min(2 * relative.span, 2 * tokens);
  return 2 * heads * rows * (Number(relative.c2p) + Number(relative.p2c));
}

/** Numbers a token that the convolution takes: the neighbours as rows and by feature, the product, what is active, the sum and its norm. */
const convolved = ({ hiddenSize, convolution }: DebertaConfig) =>
  convolution === null ? 0 : hiddenSize * (2 * convolution.size + 6);

/**
 * Bytes that the tape of one training step takes. A layer keeps q, k and v, the three side by side, both of the first by head,
 * their context and four more of the hidden size, the inner layer twice, and the scores by distance, whose gradients live as
 * those of one layer. How far texts reach is not known here, so distances are counted as those of one text.
 */
export function stepMemory(config: DebertaConfig, { tokens, adapted, checkpointing = false }: StepSize): number {
  const { hiddenSize: h, intermediateSize: inner, layers, heads } = config;
  const distances = distanceScores(config, tokens);
  const layer = 13 * h + 2 * inner + heads + 4 + distances;
  const forward = checkpointing ? (layers + 1) * h + layer + adapted.widest : layers * layer + 6 * h + adapted.kept;
  const widest = 2 * inner + 5 * h + distances + convolved(config);
  const back = Math.max(tokens * (widest + adapted.back), adapted.norms);
  return Math.ceil(1.01 * FLOAT * (tokens * (forward + adapted.tables) + back + adapted.fixed)) + 65_536;
}

/** Bytes that one batch takes without gradients. */
export function inferenceMemory(config: DebertaConfig, tokens: number): number {
  const { hiddenSize, intermediateSize } = config;
  return FLOAT * tokens * (16 * hiddenSize + 2 * intermediateSize + distanceScores(config, tokens) + convolved(config));
}
