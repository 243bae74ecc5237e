import type { Candidate } from "./candidates.js";
import type { MinedExample, MiningSettings } from "./mining-options.js";

/** A query with its answers and the negatives that were found. */
export interface MinedQuery {
  readonly query: string;
  readonly positives: readonly Candidate[];
  readonly negatives: readonly Candidate[];
}

/** Examples in the form that the options ask for. */
export function examplesOf(
  mined: readonly MinedQuery[],
  corpus: readonly string[],
  { outputFormat, outputScores, numNegatives }: MiningSettings,
): MinedExample[] {
  const textOf = ({ text }: Candidate) => corpus[text]!;
  const scores = (...list: readonly Candidate[]) => (outputScores ? { scores: list.map(({ score }) => score) } : {});
  return mined.flatMap(({ query, positives, negatives }): MinedExample[] => {
    if (outputFormat === "labeled-pair") {
      return [...positives, ...negatives].map((candidate, place) => ({
        texts: [query, textOf(candidate)],
        label: place < positives.length ? 1 : 0,
        ...(outputScores && { score: candidate.score }),
      }));
    }
    return positives.flatMap((positive): MinedExample[] => {
      const pair = { anchor: query, positive: textOf(positive) };
      if (outputFormat === "triplet") {
        return negatives.map((negative) => ({ ...pair, negative: textOf(negative), ...scores(positive, negative) }));
      }
      if (outputFormat === "n-tuple") {
        if (negatives.length < numNegatives) return [];
        return [{ ...pair, negatives: negatives.map(textOf), ...scores(positive, ...negatives) }];
      }
      if (negatives.length === 0) return [];
      const all = [positive, ...negatives];
      const labels = all.map((_, place): 0 | 1 => (place === 0 ? 1 : 0));
      return [{ query, documents: all.map(textOf), labels, ...scores(...all) }];
    });
  });
}
