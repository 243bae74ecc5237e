import { log } from "../../values/elementary.js";

/** The usual parameters, as Lucene has them. */
const [K1, B] = [1.2, 0.75];

/** Words in lower case; characters of scripts without spaces count as words. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu;

const wordsOf = (text: string) => text.normalize("NFKC").toLowerCase().match(WORD) ?? [];

/** A document that has a word, and how often. */
interface Posting {
  readonly document: number;
  readonly times: number;
}

/**
 * BM25, the ranking of search engines by words, as a yardstick for vectors. The score of a document is the sum over the query's words of
 * idf · tf · (k1 + 1) / (tf + k1 · (1 − b + b · length / mean length)), with idf = ln(1 + (N − n + 0.5) / (n + 0.5)), k1 = 1.2 and
 * b = 0.75, as in Lucene. Words are compared as they are, without stemming.
 */
export class Bm25 {
  private readonly postings = new Map<string, Posting[]>();
  private readonly lengths: Float64Array;
  private readonly meanLength: number;

  constructor(documents: readonly string[]) {
    this.lengths = new Float64Array(documents.length);
    documents.forEach((text, document) => {
      const words = wordsOf(text);
      this.lengths[document] = words.length;
      const counts = new Map<string, number>();
      for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
      for (const [word, times] of counts) {
        const known = this.postings.get(word);
        if (known === undefined) this.postings.set(word, [{ document, times }]);
        else known.push({ document, times });
      }
    });
    this.meanLength = this.lengths.reduce((sum, length) => sum + length, 0) / Math.max(documents.length, 1);
  }

  /** The score of every document that has a word of the query, by its number. */
  scores(query: string): Map<number, number> {
    const found = new Map<number, number>();
    const count = this.lengths.length;
    for (const word of wordsOf(query)) {
      const postings = this.postings.get(word) ?? [];
      const weight = log(1 + (count - postings.length + 0.5) / (postings.length + 0.5));
      for (const { document, times } of postings) {
        const length = K1 * (1 - B + (B * this.lengths[document]!) / this.meanLength);
        found.set(document, (found.get(document) ?? 0) + (weight * times * (K1 + 1)) / (times + length));
      }
    }
    return found;
  }

  /** The numbers of the `most` best documents that have a word of the query, best first; of equal ones the first. */
  rank(query: string, most: number): number[] {
    const ranked = [...this.scores(query)].sort(([a, x], [b, y]) => y - x || a - b);
    return ranked.slice(0, most).map(([document]) => document);
  }
}
