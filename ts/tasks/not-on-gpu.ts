import type { PairLoss, PairsSettings } from "./pairs/settings.js";
import type { RankLoss, RankSettings } from "./rank/settings.js";

/** Losses that choose rows by their distances, or that compute a batch in parts: they read values within a step. */
const pairLosses: readonly (PairLoss | null)[] = [
  "cached-multiple-negatives-ranking",
  "online-contrastive",
  "batch-hard-triplet",
  "batch-semi-hard-triplet",
  "batch-hard-soft-margin-triplet",
  "batch-all-triplet",
] as const;

/** Losses that weight pairs by the order of their scores. */
const rankLosses: readonly (RankLoss | null)[] = ["lambda", "rank-net"];

const given = (names: Readonly<Record<string, boolean>>): string[] => Object.keys(names).filter((name) => names[name]);

/** Settings of pairs with which a run does not run on a GPU. */
export const pairsNotOnGpu = ({ mineNegatives, miniBatch, loss }: PairsSettings): string[] =>
  given({ mineNegatives: mineNegatives !== null, miniBatch: miniBatch !== null, loss: pairLosses.includes(loss) });

/** The same of rerankers. */
export const rankNotOnGpu = ({ mineNegatives, loss }: RankSettings): string[] =>
  given({ mineNegatives: mineNegatives !== null, loss: rankLosses.includes(loss) });
