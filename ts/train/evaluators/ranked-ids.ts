import { isRecord, listFrom } from "../../arguments/collections.js";
import { unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

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
export function queriesOf(what: string, name: string, given: unknown): Map<string, unknown> {
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
export function idsOf(what: string, name: string, given: unknown): Set<string> {
  if (!Array.isArray(given) && !(given instanceof Set)) throw unexpected(what, name, "a list or Set of ids", given);
  const ids = listFrom(name, given instanceof Set ? [...given] : given, (id, place) => {
    if (isId(id)) return String(id);
    throw unexpected(what, name, "a list or Set of ids", id, undefined, { place });
  });
  return new Set(ids);
}

/** Ids, best first: as given, or by score; of equal scores the smaller id first, compared as text. */
export function rankedIds(what: string, name: string, given: unknown): string[] {
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
