import { checkOptions } from "../../arguments/options.js";
import { isRecord, listFrom, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { log } from "../../values/elementary.js";
import { mean } from "./number-lists.js";

/** Numbers of first documents for which each metric is computed. */
export interface RetrievalCuts {
  /** Default 1, 3, 5, 10. */
  readonly accuracy?: readonly number[] | undefined;
  /** Default 1, 3, 5, 10. */
  readonly precision?: readonly number[] | undefined;
  /** Default 1, 3, 5, 10. */
  readonly recall?: readonly number[] | undefined;
  /** Default 10. */
  readonly ndcg?: readonly number[] | undefined;
  /** Default 10. */
  readonly mrr?: readonly number[] | undefined;
  /** Default 100. */
  readonly map?: readonly number[] | undefined;
}

/** Options of `retrievalMetrics`. */
export interface RetrievalOptions {
  /** One number or several for all metrics, or those of each metric. Default: as `RetrievalCuts` says. */
  readonly k?: number | readonly number[] | RetrievalCuts | undefined;
}

const METRICS = ["accuracy", "precision", "recall", "ndcg", "mrr", "map"] as const;
type Metric = (typeof METRICS)[number];

const DEFAULTS: Readonly<Record<Metric, readonly number[]>> = {
  accuracy: [1, 3, 5, 10],
  precision: [1, 3, 5, 10],
  recall: [1, 3, 5, 10],
  ndcg: [10],
  mrr: [10],
  map: [100],
};

/** 1 / log2(rank + 1), rank from 1 */
export const discountOf = (rank: number) => Math.LN2 / log(rank + 1);

/** Metrics of one query's first k documents: whether each is relevant, and how many are. */
const measures: Readonly<Record<Metric, (hits: readonly boolean[], relevant: number, k: number) => number>> = {
  accuracy: (hits) => (hits.includes(true) ? 1 : 0),
  precision: (hits, _, k) => countOf(hits) / k,
  recall: (hits, relevant) => countOf(hits) / relevant,
  ndcg(hits, relevant, k) {
    let [gained, ideal] = [0, 0];
    hits.forEach((hit, place) => (gained += hit ? discountOf(place + 1) : 0));
    for (let rank = 1; rank <= Math.min(k, relevant); rank++) ideal += discountOf(rank);
    return gained / ideal;
  },
  mrr: (hits) => (hits.includes(true) ? 1 / (hits.indexOf(true) + 1) : 0),
  map(hits, relevant, k) {
    let [found, total] = [0, 0];
    hits.forEach((hit, place) => {
      if (hit) total += ++found / (place + 1);
    });
    return total / Math.min(k, relevant);
  },
};

const countOf = (hits: readonly boolean[]) => hits.filter(Boolean).length;

/**
 * Metrics of a search, the means over queries, as sentence-transformers' InformationRetrievalEvaluator has them. For a query whose first k
 * documents are d_1 … d_k, with R relevant documents:
 *
 * - `accuracy@k`: 1 if one of them is relevant, else 0
 * - `precision@k`: relevant ones among them / k
 * - `recall@k`: relevant ones among them / R
 * - `mrr@k`: 1 / rank of the first relevant one; 0 if there is none
 * - `map@k`: Σ over relevant d_i of precision@i / min(k, R)
 * - `ndcg@k`: Σ over relevant d_i of 1 / log2(i + 1), divided by the largest possible sum
 *
 * Queries without relevant documents do not count. Relevant documents that are not ranked count as not found.
 *
 * @param ranked for each query its documents: ids, best first, or ids with scores; of equal scores the smaller id is first, as text
 * @param relevant for each query the ids of its relevant documents Throws `ConfigError` if `k` names no number, if a query has relevant
 * documents but no ranking, if no query has any, for a document twice, and for scores that are NaN.
 *
 * @example retrievalMetrics([["d3", "d1"]], [["d1"]], { k: 10 })["ndcg@10"] // 0.63
 */
export function retrievalMetrics(
  ranked: ByQuery<RankedDocuments>,
  relevant: ByQuery<readonly DocumentId[] | ReadonlySet<DocumentId>>,
  options: RetrievalOptions = {},
): Record<string, number> {
  const what = "retrievalMetrics";
  checkOptions(what, options, ["k"]);
  const cuts = cutsOf(what, options.k);
  if (METRICS.every((metric) => cuts[metric].length === 0))
    throw unexpected(what, "k", "a number from 1, or a list of at least one", options.k);
  const rankings = queriesOf(what, "ranked", ranked);
  const queries: { hits: boolean[]; relevant: number }[] = [];
  for (const [query, given] of queriesOf(what, "relevant", relevant)) {
    const wanted = idsOf(what, `relevant[${query}]`, given);
    if (wanted.size === 0) continue;
    if (!rankings.has(query)) {
      const message = `${what}: query ${query} has relevant documents, but nothing is ranked for it`;
      throw new ConfigError(message, { op: what, option: "ranked", value: query });
    }
    const ids = rankedIds(what, `ranked[${query}]`, rankings.get(query));
    queries.push({ hits: ids.map((id) => wanted.has(id)), relevant: wanted.size });
  }
  if (queries.length === 0) {
    throw new ConfigError(`${what}: no query has a relevant document`, { op: what, option: "relevant", length: 0 });
  }
  const scores = METRICS.flatMap((metric) =>
    cuts[metric].map((k) => {
      const each = queries.map(({ hits, relevant }) => measures[metric](hits.slice(0, k), relevant, k));
      return [`${metric}@${k}`, mean(each)] as const;
    }),
  );
  return Object.fromEntries(scores);
}

function cutsOf(what: string, given: unknown): Readonly<Record<Metric, readonly number[]>> {
  const list = (value: unknown): number[] =>
    listFrom(`${what}: k is a list of numbers`, Array.isArray(value) ? value : [value], (k) => whole(what, "k", k, 1));
  if (given === undefined) return DEFAULTS;
  if (!isRecord(given)) {
    const all = list(given);
    return Object.fromEntries(METRICS.map((metric) => [metric, all])) as unknown as Record<Metric, number[]>;
  }
  checkOptions(what, given, METRICS);
  const own = METRICS.map((metric) => [metric, given[metric] === undefined ? DEFAULTS[metric] : list(given[metric])]);
  return Object.fromEntries(own) as Record<Metric, readonly number[]>;
}

/** A document's id. Numbers are understood as their digits. */
export type DocumentId = string | number;

/** Documents of a query: ids, best first; or ids with scores, in any order. */
export type RankedDocuments =
  | readonly DocumentId[]
  | readonly { readonly id: DocumentId; readonly score: number }[]
  | readonly (readonly [id: DocumentId, score: number])[]
  | ReadonlyMap<DocumentId, number>
  | Readonly<Record<string, number>>;

/** Something for each query: in a list, or by the query's id. */
export type ByQuery<T> = readonly T[] | ReadonlyMap<DocumentId, T> | Readonly<Record<string, T>>;

/** The queries of `ByQuery`, by a name each. */
function queriesOf(what: string, name: string, given: unknown): Map<string, unknown> {
  if (given instanceof Map) {
    const entries = [...given].map(([query, value]: [unknown, unknown]): [string, unknown] => {
      if (isId(query)) return [String(query), value];
      throw unexpected(what, name, "a Map by the ids of queries", query);
    });
    return new Map(entries);
  }
  if (Array.isArray(given)) {
    // A gap ends the loop, however many there are.
    const entries = listFrom(name, given, (value, place): [string, unknown] => {
      if (value !== undefined) return [String(place), value];
      throw unexpected(what, name, "a list with an entry for each query", value, undefined, { place });
    });
    return new Map(entries);
  }
  if (isRecord(given)) return new Map(Object.entries(given));
  throw unexpected(what, name, "a list, Map or object with an entry for each query", given);
}

const isId = (value: unknown): value is DocumentId => typeof value === "string" || typeof value === "number";

/** The ids of a list or set. */
function idsOf(what: string, name: string, given: unknown): Set<string> {
  if (!Array.isArray(given) && !(given instanceof Set)) throw unexpected(what, name, "a list or Set of ids", given);
  const ids = listFrom(name, given instanceof Set ? [...given] : given, (id, place) => {
    if (isId(id)) return String(id);
    throw unexpected(what, name, "a list or Set of ids", id, undefined, { place });
  });
  return new Set(ids);
}

/** Ids, best first: as given, or by score; of equal scores the smaller id first, compared as text. */
function rankedIds(what: string, name: string, given: unknown): string[] {
  const ids = Array.isArray(given) && isId(given[0]) ? plainIds(what, name, given) : byScore(what, name, given);
  const seen = new Set<string>();
  const twice = ids.find((id) => seen.size === seen.add(id).size);
  if (twice === undefined) return ids;
  throw new ConfigError(`${what}: ${name} has ${excerpt(twice)} twice`, { op: what, option: "ranked", value: twice });
}

function plainIds(what: string, name: string, given: unknown): string[] {
  return listFrom(name, given, (id, place) => {
    if (isId(id)) return String(id);
    throw unexpected(what, name, "ids, best first", id, undefined, { place });
  });
}

function byScore(what: string, name: string, given: unknown): string[] {
  const scored = listFrom(name, entriesOf(given), (entry, place): [string, number] => {
    const [id, score] = Array.isArray(entry)
      ? (entry as unknown[])
      : isRecord(entry)
        ? [entry["id"] ?? entry["corpus_id"], entry["score"]]
        : [];
    if (isId(id) && typeof score === "number" && !Number.isNaN(score)) return [String(id), score];
    throw unexpected(what, name, "ids, best first, or ids with scores", entry, undefined, { place });
  });
  scored.sort(([a, scoreA], [b, scoreB]) => (scoreA === scoreB ? (a < b ? -1 : 1) : scoreB - scoreA));
  return scored.map(([id]) => id);
}

function entriesOf(given: unknown): unknown[] {
  if (given instanceof Map) return [...given];
  if (Array.isArray(given)) return given;
  return isRecord(given) ? Object.entries(given) : [given];
}
