import type { ShownPrediction } from "../../training/job-events.js";
import type { RankedRow } from "./read-ranked.js";

interface Judged {
  readonly text: string;
  readonly label: number;
  readonly score: number;
}

/**
 * The text of each query that scores put first, and a text with the best label. The first one is right if its label is as good.
 *
 * @param scores a score for each text of each row
 */
export function firstTexts(
  rows: readonly Pick<RankedRow, "text" | "texts" | "labels">[],
  scores: readonly (readonly number[])[],
): ReadonlyMap<string, ShownPrediction> {
  const known = new Map<string, { readonly best: Judged; readonly first: Judged }>();
  for (const [i, { text: query, texts, labels }] of rows.entries())
    for (const [j, text] of texts.entries()) {
      const one: Judged = { text, label: labels[j]!, score: scores[i]![j]! };
      const { best, first } = known.get(query) ?? { best: one, first: one };
      known.set(query, { best: one.label > best.label ? one : best, first: one.score > first.score ? one : first });
    }
  const shown = new Map<string, ShownPrediction>();
  for (const [query, { best, first }] of known)
    shown.set(query, { target: best.text, predicted: first.text, right: first.label === best.label });
  return shown;
}
