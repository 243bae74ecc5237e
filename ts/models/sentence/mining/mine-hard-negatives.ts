import type { MinedExample, MinedPair, MiningOptions, VectorSource } from "./mining-options.js";

/**
 * Finds texts that an encoder takes for answers although they are none, as sentence-transformers' `mine_hard_negatives`: for each query
 * the texts of the corpus with the largest cosine, without the query's own answers, and without those that the limits of the options
 * leave out.
 *
 * Queries with the same text are one query with several answers. Its examples are together, in the order in which queries first appear.
 * The limits apply to the `rangeMax` + (most answers of a query) best candidates only, so fewer negatives than asked for may be left.
 *
 * @param encoder a `SentenceEncoder`, or any object with its method `encode`; vectors are normalised here
 * @param pairs queries with their answers
 * Rejects with `ConfigError` for wrong options and for scores of the cross-encoder that are not finite.
 *
 * @example
 * const examples = await mineHardNegatives(encoder, pairs, { relativeMargin: 0.05, outputFormat: "n-tuple" });
 * // [{ anchor, positive, negatives: [text, text, text] }, …]
 */
export async function mineHardNegatives(
  encoder: VectorSource,
  pairs: readonly MinedPair[],
  options: MiningOptions = {},
): Promise<MinedExample[]> {
  // Fetched when it is used.
  return (await import("./mine.js")).mine("mineHardNegatives", encoder, pairs, options);
}
