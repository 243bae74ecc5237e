import { plain } from "./rows.js";
import type { SearchTable } from "./search-table.js";

/** Most texts that a page searches. A slow machine needs a minute for a thousand. */
export const MOST_TEXTS = 20_000;

/** A question, and the number of the text that answers it. */
interface Pair {
  readonly question: string;
  readonly text: number;
}

/** The texts of a table, each once, and the pairs. */
export interface SearchTexts {
  readonly texts: readonly string[];
  /** Each once, in the order of the table; empty for a list of texts. */
  readonly pairs: readonly Pair[];
  /** Numbers of the texts that answer a question, by the question in its plain form. */
  readonly answers: ReadonlyMap<string, ReadonlySet<number>>;
  /** Rows without a text, or of pairs without a question. Their texts are searched. */
  readonly incomplete: number;
  /** Rows whose text, or of pairs whose question and text, an earlier row has. */
  readonly repeated: number;
}

/** The texts and pairs of a table. */
export function searchTexts({ records, text, question }: SearchTable): SearchTexts {
  const places = new Map<string, number>();
  const answers = new Map<string, Set<number>>();
  const pairs: Pair[] = [];
  let [incomplete, repeated] = [0, 0];
  for (const record of records) {
    const own = record[text]!.trim();
    const asked = question === null ? null : record[question]!.trim();
    if (own === "" || asked === "") incomplete++;
    if (own === "") continue;
    const known = places.get(own);
    const place = known ?? places.size;
    places.set(own, place);
    if (asked === null && known !== undefined) repeated++;
    if (asked === null || asked === "") continue;
    const key = plain(asked);
    const right = answers.get(key) ?? new Set();
    if (right.has(place)) repeated++;
    else pairs.push({ question: asked, text: place });
    answers.set(key, right.add(place));
  }
  return { texts: [...places.keys()], pairs, answers, incomplete, repeated };
}
