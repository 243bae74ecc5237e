import type { RankedRow } from "./read-ranked.js";

/** Rows as their order is measured, with a score for each text. */
interface Ordered {
  readonly rows: readonly Pick<RankedRow, "text" | "texts" | "labels">[];
  readonly scores: readonly (readonly number[])[];
}

/**
 * What is measured of a teacher's rows: the positive is right, the negatives are not, whatever their margins. A text that is in several rows
 * of a query counts once; it is right if it is the positive of one.
 */
export function orderedRows(rows: readonly RankedRow[], scores: readonly (readonly number[])[]): Ordered {
  if (rows[0]?.loss !== "margin-mse") return { rows, scores };
  const found = new Map<string, Map<string, { label: number; score: number }>>();
  for (const [i, { text, texts }] of rows.entries()) {
    const own = found.get(text) ?? new Map<string, { label: number; score: number }>();
    found.set(text, own);
    for (const [place, other] of texts.entries()) {
      const label = place === 0 ? 1 : (own.get(other)?.label ?? 0);
      own.set(other, { label, score: scores[i]![place]! });
    }
  }
  const queries = [...found].map(([text, own]) => ({ text, texts: [...own.keys()], judged: [...own.values()] }));
  return {
    rows: queries.map(({ judged, ...row }) => ({ ...row, labels: judged.map(({ label }) => label) })),
    scores: queries.map(({ judged }) => judged.map(({ score }) => score)),
  };
}
