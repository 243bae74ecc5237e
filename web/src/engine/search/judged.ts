import { computed, signal } from "@preact/signals";
import { plain } from "../../data/rows.js";
import { read, write } from "../../storage/database.js";
import { registerPage } from "../../storage/page-values.js";
import type { TextPair } from "./split.js";

/** What the user says of a text that a query found. */
export interface Judgement {
  readonly query: string;
  readonly text: string;
  readonly right: boolean;
}

/** The best texts of a query, before and after training; null without an adapter. */
export interface Best {
  readonly base: readonly string[];
  readonly adapted: readonly string[] | null;
}

export const judgements = signal<readonly Judgement[]>([]);
/** Best texts by query, for the queries with judgements. */
export const bestOf = signal<ReadonlyMap<string, Best>>(new Map());
export const judgedQueries = computed(() => [...new Set(judgements.value.map(({ query }) => query))]);

const KEY = "search judgements";
/** What identifies a judgement: queries that differ in case or spaces alone are the same. */
export const keyOf = (query: string, text: string): string => JSON.stringify([plain(query), text]);
const verdicts = computed(() => new Map(judgements.value.map(({ query, text, right }) => [keyOf(query, text), right])));

/** Restores the judgements of an earlier visit. */
export async function findJudgements(): Promise<void> {
  const kept = await read<readonly Judgement[]>("project", KEY).catch(() => undefined);
  if (kept !== undefined && judgements.value.length === 0) judgements.value = kept;
}

registerPage(KEY, {
  get: () => (judgements.value.length === 0 ? null : judgements.value),
  show(value) {
    judgements.value = (value as readonly Judgement[] | null) ?? [];
    bestOf.value = new Map();
  },
});

function keep(now: readonly Judgement[]): void {
  judgements.value = now;
  void write("project", KEY, now).catch(() => undefined);
}

/** Null for what was not judged. */
export const judgementOf = (query: string, text: string): boolean | null =>
  verdicts.value.get(keyOf(query, text)) ?? null;

/** Stores a judgement; the same one again removes it. */
export function judge(query: string, text: string, right: boolean, best: Best): void {
  // All judgements of a query have it in the same form.
  const known = judgements.value.find((one) => plain(one.query) === plain(query))?.query ?? query;
  const others = judgements.value.filter((one) => keyOf(one.query, one.text) !== keyOf(query, text));
  bestOf.value = new Map(bestOf.value).set(known, best);
  keep(judgementOf(query, text) === right ? others : [...others, { query: known, text, right }]);
}

export const forgetJudgements = (): void => keep([]);

/** Makes a change of the judgements. Returns what takes it back, which does nothing after a later change. */
export function undoable(change: () => void): () => void {
  const before = judgements.value;
  change();
  const after = judgements.value;
  return () => judgements.value === after && keep(before);
}

/** Number of texts that are right, and of those that are known to be right or wrong, among the best of all judged queries. */
export interface Precision {
  readonly right: number;
  readonly judged: number;
}

/** Precision among the best texts. @param isKnown whether the table has the text as the query's answer */
export function precisionOf(side: keyof Best, isKnown: (query: string, text: string) => boolean): Precision | null {
  let [right, judged] = [0, 0];
  for (const query of judgedQueries.value)
    for (const text of bestOf.value.get(query)?.[side] ?? []) {
      const verdict = judgementOf(query, text) ?? (isKnown(query, text) ? true : null);
      if (verdict === null) continue;
      judged++;
      if (verdict) right++;
    }
  return judged === 0 ? null : { right, judged };
}

/** The pairs of a table without those that were judged wrong, and the judged ones that are right. */
export function withJudgements(pairs: readonly TextPair[], isText: (text: string) => boolean): TextPair[] {
  if (judgements.value.length === 0) return [...pairs];
  const kept = pairs.filter(({ question, answer }) => judgementOf(question, answer) !== false);
  const known = new Set(kept.map(({ question, answer }) => keyOf(question, answer)));
  const added = judgements.value.filter(
    ({ query, text, right }) => right && isText(text) && !known.has(keyOf(query, text)),
  );
  return [...kept, ...added.map(({ query, text }) => ({ question: query, answer: text }))];
}
