import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { rerankingMetrics } from "../../train/evaluators/reranking-metrics.js";
import { discountOf } from "../../train/evaluators/retrieval-metrics.js";
import { measureLogits, type Metrics } from "../../train/metrics/metrics.js";
import type { MeasureEvents, ShownPrediction } from "../../training/job-events.js";
import type { ReportedMetrics } from "../../training/report.js";
import type { CrossEncoder } from "../cross/cross-encoder.js";
import { byQuery, type RankedRow } from "./read-ranked.js";

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

/** Metrics by name. */
export type RankMetrics = Readonly<Record<string, number>>;

type Rows = readonly Pick<RankedRow, "text" | "texts" | "labels">[];

/** Texts with a label above this one are relevant: the middle of the labels, or 0 if they are equal. */
export function relevantAbove(rows: readonly RankedRow[]): number {
  if (rows[0]?.loss === "margin-mse") return 0.5;
  const labels = rows.flatMap((row) => row.labels);
  const [least, most] = [labels.reduce((a, b) => Math.min(a, b)), labels.reduce((a, b) => Math.max(a, b))];
  return least === most ? 0 : (least + most) / 2;
}

/** The labels and scores of each query with a relevant text. */
interface JudgedQuery {
  readonly labels: readonly number[];
  readonly scores: readonly number[];
}

/**
 * The queries of rows that have a relevant text.
 *
 * @param scores a score for each text of each row
 */
export function judgedQueries(rows: Rows, scores: readonly (readonly number[])[], above: number): JudgedQuery[] {
  const scoresOf = byQuery(rows.map(({ text }, i) => ({ text, texts: [], labels: scores[i]! })));
  const groups = byQuery(rows).map(({ labels }, i) => ({ labels, scores: scoresOf[i]!.labels }));
  return groups.filter(({ labels }) => labels.some((label) => label > above));
}

/** NDCG@10 of each query, with the labels as gains, as scikit-learn's `ndcg_score` has it. */
export const ndcgOfQueries = (judged: readonly JudgedQuery[]): number[] =>
  judged.map(({ labels, scores }) => gradedNdcg(labels, scores, 10));

/** How well scores order the texts of queries, the means over queries: NDCG@10, MRR@10, and average precision. */
export function rankMetrics(judged: readonly JudgedQuery[], above: number): RankMetrics {
  if (judged.length === 0) return { "ndcg@10": 0, "mrr@10": 0, map: 0 };
  const found = rerankingMetrics(
    judged.map(({ labels, scores }) => ({ scores, relevant: labels.map((label) => label > above) })),
  );
  const gains = ndcgOfQueries(judged);
  return {
    "ndcg@10": gains.reduce((sum, one) => sum + one, 0) / gains.length,
    "mrr@10": found["mrr@10"]!,
    map: found["map"]!,
  };
}

/** NDCG with labels as gains, from the least one of 0 or less; texts with equal scores share their discounts. */
function gradedNdcg(labels: readonly number[], scores: readonly number[], k: number): number {
  const least = labels.reduce((a, b) => Math.min(a, b), 0);
  const gains = labels.map((label) => label - least);
  const discount = (rank: number) => (rank <= k ? discountOf(rank) : 0);
  const order = scores.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
  let gained = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let [gain, discounts] = [0, 0];
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      gain += gains[order[end]!]!;
      discounts += discount(end + 1);
    }
    gained += (gain / (end - start)) * discounts;
    start = end;
  }
  const ideal = gains.sort((a, b) => b - a).reduce((sum, gain, i) => sum + gain * discount(i + 1), 0);
  return ideal === 0 ? 0 : gained / ideal;
}

/** The metrics of pairs with classes. */
export const classMetrics = ({ accuracy, macroF1 }: Metrics): RankMetrics => ({ accuracy, macroF1 });

/** The metrics of pairs with classes, with their 95 % intervals. @param found measured with `intervals` */
export const reportedClasses = ({ accuracy, macroF1, intervals }: Metrics): ReportedMetrics => ({
  accuracy: { value: accuracy, interval: intervals!.accuracy },
  macroF1: { value: macroF1, interval: intervals!.macroF1 },
});

/** How well logits, one for each class, find the classes of rows. */
export function classQuality(
  rows: readonly RankedRow[],
  logits: readonly Float32Array[],
  classes: number,
  signal: AbortSignal | undefined,
  intervals = false,
): Promise<Metrics> {
  const targets = rows.map(({ labels: [target] }) => target!);
  return measureLogits(logits, targets, classes, { intervals, ...(signal && { signal }) });
}

/** Metrics of always predicting the class that most rows to train on have; of equally frequent ones the first. */
export async function largestClass(
  train: readonly RankedRow[],
  measured: readonly RankedRow[],
  classes: number,
  signal: AbortSignal | undefined,
): Promise<RankMetrics> {
  const counts = new Float32Array(classes);
  for (const { labels } of train) counts[labels[0]!]!++;
  const always = new Float32Array(classes);
  always[counts.indexOf(counts.reduce((a, b) => Math.max(a, b)))] = 1;
  return classMetrics(
    await classQuality(
      measured,
      measured.map(() => always),
      classes,
      signal,
    ),
  );
}

/** Rows with the numbers that a cross-encoder has for their classes. Throws `ConfigError`, with the line, for a class that it does not know. */
export function withClasses(rows: readonly RankedRow[], labels: readonly string[]): RankedRow[] {
  const places = new Map(labels.map((name, i) => [name, i]));
  return rows.map((row) => {
    const place = places.get(row.name!);
    if (place !== undefined) return { ...row, labels: [place] };
    const known = labels.length === 1 ? "gives one score" : `knows the classes ${labels.join(", ")}`;
    throw new ConfigError(`line ${row.line}: the cross-encoder ${known}, got the class ${excerpt(row.name)}`, {
      line: row.line,
      value: row.name,
      allowed: labels,
    });
  });
}

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

type ScoredRows = readonly Pick<RankedRow, "text" | "texts">[];

/** Progress in pairs as progress in rows. */
export function withEvents({ signal, onProgress }: MeasureEvents, rows: ScoredRows): MeasureEvents {
  const pairs = rows.reduce((sum, { texts }) => sum + texts.length, 0);
  return { signal, onProgress: (done) => onProgress?.(Math.floor((done / pairs) * rows.length)) };
}

/** The logits of each text of each row, `[labels]` each. */
export async function logitsOf(
  cross: CrossEncoder<number | number[]>,
  rows: ScoredRows,
  { signal, onProgress }: MeasureEvents,
) {
  const pairs = rows.flatMap(({ text, texts }) => texts.map((other): [string, string] => [text, other]));
  const events = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const logits = await cross.logits(pairs, events);
  let at = 0;
  return rows.map(({ texts }) => texts.map(() => logits[at++]!));
}

/** The score of each text of each row: its only logit. */
export const scoresIn = (logits: readonly (readonly Float32Array[])[]): number[][] =>
  logits.map((row) => row.map(([score]) => score!));

/** The cosine of query and text by the vectors of the encoder alone, for each text of each row. */
export async function cosinesOf(encoder: SentenceEncoder, rows: ScoredRows, { signal, onProgress }: MeasureEvents) {
  const { graph, tokenizer } = encoder;
  const texts = [...new Set(rows.flatMap((row) => [row.text, ...row.texts]))];
  const ids = tokenized(tokenizer, texts);
  const share = (done: number) => onProgress?.(Math.floor((done / texts.length) * rows.length));
  const finish = rowsOf(graph, (pooled) => graph.normalize(pooled));
  const vectors = await inferTexts(encoder, ids, null, finish, { signal, onProgress: share });
  const places = new Map(texts.map((text, i) => [text, vectors[i]!]));
  return rows.map((row) => {
    const query = places.get(row.text)!;
    return row.texts.map((text) => places.get(text)!.reduce((dot, x, i) => dot + x * query[i]!, 0));
  });
}
