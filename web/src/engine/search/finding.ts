import { effect, signal, untracked } from "@preact/signals";
import { plain } from "../../data/rows.js";
import { texts } from "./collection.js";
import { encoder } from "./encoder.js";
import { type Hit, searchIndex } from "./indexes.js";
import { indexed, indexedAdapter } from "./indexing.js";
import { bestOf, judge, judgedQueries } from "./judged.js";
import { vectorsOf } from "./vectors.js";

/** What a search found, best first. */
export interface Found {
  readonly query: string;
  readonly base: readonly Hit[];
  /** Hits with the adapter; null without one. */
  readonly adapted: readonly Hit[] | null;
  /** Numbers of the texts that answer the query; empty if it is none of the table's questions. */
  readonly right: ReadonlySet<number>;
}

/** The displayed result. */
export const found = signal<Found | null>(null);

/** Texts that a search ranks, and those that are shown and judged. */
export const [RANKED, SHOWN] = [100, 5];

/** What queries find: with the base model, and with the adapter if its index is there. */
export async function hitsOf(queries: readonly string[], most: number) {
  const base = await searchIndex("base", await vectorsOf(queries, encoder.value), most);
  const now = indexedAdapter.value;
  const adapted = now && (await searchIndex("adapted", await vectorsOf(queries, now), most));
  return queries.map((query, i) => ({ query, base: base[i]!, adapted: adapted && adapted[i]! }));
}

let asked = 0;
/** Searches and shows the result, unless another search was started or the texts were changed meanwhile. */
export async function search(query: string): Promise<void> {
  const own = ++asked;
  const now = texts.value!;
  const [hits] = await hitsOf([query], RANKED);
  if (own === asked && texts.value === now && indexed.value)
    found.value = { ...hits!, right: now.answers.get(plain(query)) ?? new Set() };
}

const textsOf = (hits: readonly Hit[]) => hits.slice(0, SHOWN).map(({ id }) => texts.value!.texts[id]!);

/** Judges a text that the displayed search found. */
export function judgeFound(text: string, right: boolean): void {
  const { query, base, adapted } = found.value!;
  judge(query, text, right, { base: textsOf(base), adapted: adapted && textsOf(adapted) });
}

/** Searches again for the queries that were judged. */
async function findBest(): Promise<void> {
  const now = texts.value;
  const queries = judgedQueries.value;
  if (queries.length === 0) return;
  const all = await hitsOf(queries, SHOWN);
  if (texts.value === now)
    bestOf.value = new Map(
      all.map(({ query, base, adapted }) => [query, { base: textsOf(base), adapted: adapted && textsOf(adapted) }]),
    );
}

// Results are those of the indexes that are there.
effect(() => {
  const isThere = indexed.value;
  void indexedAdapter.value;
  untracked(() => {
    const before = found.value;
    if (!isThere) {
      found.value = null;
      bestOf.value = new Map();
      return;
    }
    // What cannot be searched now is shown when it is searched again.
    if (before !== null) search(before.query).catch(() => undefined);
    findBest().catch(() => undefined);
  });
});
