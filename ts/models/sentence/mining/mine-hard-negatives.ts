import { throwIfAborted } from "../../../waiting/abort.js";
import type { Prompts } from "../encoder-options.js";
import {
  type MinedExample,
  type MinedPair,
  type MiningOptions,
  takeMining,
  type VectorSource,
} from "./mining-options.js";

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
  const what = "mineHardNegatives";
  const { pairs: taken, options: settings } = takeMining(what, encoder, pairs, options);
  throwIfAborted(settings.signal);
  const corpus = [...new Set([...settings.corpus, ...taken.map(([, answer]) => answer)])];
  const queries = [...new Set(taken.map(([query]) => query))];
  const { queryPrompt, queryPromptName, corpusPrompt, corpusPromptName, signal } = settings;
  // Both begin before anything is awaited, and so have the adapter that is active now.
  const vectorsOf = async (texts: readonly string[], prompt: string | undefined, promptName: string | undefined) =>
    encoder.encode(texts, {
      normalize: true,
      ...(prompt !== undefined ? { prompt } : promptName !== undefined && { promptName }),
      ...(signal && { signal }),
    });
  const [{ mine }, documents, asked] = await Promise.all([
    // Fetched when it is used.
    import("./mine.js"),
    vectorsOf(corpus, corpusPrompt, corpusPromptName ?? promptOf(encoder, ["document", "passage", "corpus"])),
    vectorsOf(queries, queryPrompt, queryPromptName ?? promptOf(encoder, ["query"])),
  ]);
  return mine(what, encoder, { pairs: taken, corpus, queries, documents, asked }, settings);
}

/** The first of these names that a model has a prompt of. */
function promptOf(encoder: VectorSource, names: readonly string[]): string | undefined {
  const { layout } = encoder as { readonly layout?: { readonly prompts?: Prompts } };
  return typeof layout?.prompts?.has === "function" ? names.find((name) => layout.prompts!.has(name)) : undefined;
}
