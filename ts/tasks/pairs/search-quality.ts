import type { Engine } from "../../engine/running.js";
import { SearchIndex } from "../../search/search-index.js";
import { retrievalMetrics } from "../../train/evaluators/retrieval-metrics.js";
import { log } from "../../values/elementary.js";
import { breather } from "../../waiting/next-task.js";
import type { PairRow } from "./read-pairs.js";

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

/** The metrics of a search; the first is the main one. */
const SEARCH_METRICS = ["ndcg@10", "mrr@10", "recall@1", "recall@10", "map@100"] as const;

/** Documents of a ranking that count. */
const RANKED = 100;

/** Queries, documents, and which documents belong to which query. */
export interface SearchTask {
  /** Distinct texts. */
  readonly queries: readonly string[];
  /** Distinct texts. */
  readonly documents: readonly string[];
  /** Numbers of each query's documents. */
  readonly relevant: readonly ReadonlySet<number>[];
  /** Number of the document with each query's own text, which no search shall find; -1 for none. */
  readonly itself: Int32Array;
}

/**
 * The search that some rows are measured by. Of rows with anchors: each anchor searches all positives and negatives. Of texts with classes:
 * each text searches all texts, and those of its class belong to it.
 *
 * @param measured rows whose texts search
 * @param others further rows, whose documents are searched too
 */
export function searchTask(measured: readonly PairRow[], others: readonly PairRow[]): SearchTask {
  const places = new Map<string, number>();
  const classes = new Map<string, Set<number>>();
  const place = (text: string) => {
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, places.size);
    return places.size - 1;
  };
  const byQuery = new Map<string, Set<number>>();
  const add = (row: PairRow, isMeasured: boolean) => {
    if (row.form !== "classes") {
      const [first] = row.texts.slice(1).map(place);
      if (!isMeasured) return;
      const known = byQuery.get(row.text);
      if (known === undefined) byQuery.set(row.text, new Set([first!]));
      else known.add(first!);
      return;
    }
    const own = classes.get(row.name!) ?? new Set();
    classes.set(row.name!, own.add(place(row.text)));
    if (isMeasured) byQuery.set(row.text, own);
  };
  for (const row of measured) add(row, true);
  for (const row of others) add(row, false);
  const queries = [...byQuery.keys()];
  const itself = Int32Array.from(queries, (query) => places.get(query) ?? -1);
  const relevant = queries.map((query, i) => {
    const found = byQuery.get(query)!;
    if (!found.has(itself[i]!)) return found;
    const others = new Set(found);
    others.delete(itself[i]!);
    return others;
  });
  return { queries, documents: [...places.keys()], relevant, itself };
}

/** Vectors of texts, of equal lengths: as one that is searched, or as a query, which may have another prompt. */
export type VectorsOf = (text: string, isQuery?: boolean) => Float32Array;

/** Numbers of the documents that a search finds for each query, best first. */
export type Rankings = readonly (readonly number[])[];

/**
 * What a search by the cosine of vectors finds. Rejects with `AbortError` if the signal is aborted.
 *
 * @param width elements of the vectors that count, from the first; default: all
 */
export async function vectorRankings(
  task: SearchTask,
  vectorOf: VectorsOf,
  engine: Engine,
  signal: AbortSignal | undefined,
  width?: number,
): Promise<Rankings> {
  const { documents } = task;
  const cut = (text: string, isQuery = false) => vectorOf(text, isQuery).slice(0, width);
  const index = SearchIndex.create({ dimensions: cut(documents[0]!).length, engine });
  try {
    const breathe = breather(signal);
    for (const [i, text] of documents.entries()) {
      await breathe();
      index.add([i], [cut(text)]);
    }
    const find = (query: string) => index.search(cut(query, true), { topK: RANKED + 1 }).map(({ id }) => id as number);
    return await rankingsOf(task, signal, find);
  } finally {
    index.dispose();
  }
}

/** What a search by words finds. */
export const wordRankings = (task: SearchTask, words: Bm25, signal: AbortSignal | undefined): Promise<Rankings> =>
  rankingsOf(task, signal, (query) => words.rank(query, RANKED + 1));

async function rankingsOf(
  { queries, itself }: SearchTask,
  signal: AbortSignal | undefined,
  rank: (query: string) => readonly number[],
): Promise<Rankings> {
  const breathe = breather(signal);
  const ranked: (readonly number[])[] = [];
  for (const [i, query] of queries.entries()) {
    await breathe();
    const found = rank(query).filter((document) => document !== itself[i]);
    ranked.push(found.slice(0, RANKED));
  }
  return ranked;
}

/** Metrics of a search, the means over queries that have a document; 0 if none has. */
export function searchMetrics({ relevant }: SearchTask, ranked: Rankings): Record<string, number> {
  const all = relevant.some(({ size }) => size > 0) ? retrievalMetrics(ranked, relevant) : {};
  return Object.fromEntries(SEARCH_METRICS.map((name) => [name, all[name] ?? 0]));
}

/** The text that is found first for a query, and whether it belongs to it. A search that finds nothing gives an empty text. */
export function firstOf({ queries, documents, relevant }: SearchTask, ranked: Rankings, query: string) {
  const place = queries.indexOf(query);
  const [first = -1] = ranked[place] ?? [];
  return { text: documents[first] ?? "", right: relevant[place]?.has(first) ?? false };
}

/** NDCG@10 of each query that has a document. */
export function ndcgOfQueries({ relevant }: SearchTask, ranked: Rankings): number[] {
  const judged = [...ranked.keys()].filter((i) => relevant[i]!.size > 0);
  return judged.map((i) => retrievalMetrics([ranked[i]!], [relevant[i]!], { k: 10 })["ndcg@10"]!);
}
