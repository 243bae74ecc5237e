import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { Engine } from "../../engine/running.js";
import { inferTexts, rowsOf, tokenized } from "../../models/sentence/inference.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { binaryMetrics } from "../../train/evaluators/binary-metrics.js";
import { similarityMetrics, tripletMetrics } from "../../train/evaluators/similarity-metrics.js";
import { meanInterval } from "../../train/metrics/bootstrap.js";
import type { ReportedMetrics } from "../../training/report.js";
import {
  Bm25,
  firstOf,
  ndcgOfQueries,
  searchMetrics,
  searchTask,
  vectorRankings,
  type VectorsOf,
  wordRankings,
} from "./search-quality.js";
import { type PairRow, promptedText } from "./read-pairs.js";
import type { PairForm } from "./settings.js";

/** Metrics by name. */
export type PairMetrics = Readonly<Record<string, number>>;

/** The metric that chooses the step. */
export const mainMetric = (form: PairForm, loss: string): string =>
  form === "scores"
    ? "spearman"
    : form === "labels"
      ? "ap"
      : form === "vectors"
        ? "cosine"
        : loss === "triplet"
          ? "accuracy"
          : "ndcg@10";

/** Rows to measure, and further rows whose documents are searched too. */
export interface MeasuredRows {
  readonly measured: readonly PairRow[];
  readonly others: readonly PairRow[];
}

/** Whether rows are measured by a search. */
export const isSearch = (form: PairForm) => form === "search" || form === "classes" || form === "margins";

/** The texts whose vectors `vectorMetrics` reads, with their prompts. */
function textsOf({ measured, others }: MeasuredRows): string[] {
  const texts = new Set<string>();
  for (const row of measured) row.texts.forEach((text, i) => texts.add(promptedText(row, text, i === 0)));
  for (const row of others)
    row.texts.forEach((text, i) => {
      if (i > 0 || row.form === "classes") texts.add(promptedText(row, text, false));
    });
  return [...texts];
}

/** The rows that a search is measured by: other rows count only for a search. */
export const rowsToMeasure = (form: PairForm, rows: MeasuredRows): MeasuredRows =>
  isSearch(form) ? rows : { ...rows, others: [] };

/** What is measured of vectors. */
export interface Quality {
  readonly metrics: PairMetrics;
  /** NDCG@10 of each query of a search; null if nothing is searched. */
  readonly ofQueries: readonly number[] | null;
  /** The text that a search finds first for the query, and whether it belongs to it; omitted if nothing is searched. */
  readonly firstOf?: (query: string) => { readonly text: string; readonly right: boolean };
}

/**
 * Metrics of vectors: of a search, of the agreement with scores, of telling pairs that belong together from others, and of triplets, as the
 * rows have them.
 *
 * @param width elements of the vectors that count, from the first; default: all
 */
export async function vectorMetrics(
  rows: MeasuredRows,
  vectorOf: VectorsOf,
  engine: Engine,
  signal: AbortSignal | undefined,
  width?: number,
): Promise<Quality> {
  const { measured } = rows;
  const [{ form }] = measured as [PairRow];
  const cosineOf = (a: string, b: string) => cosine(vectorOf(a, true), vectorOf(b), width);
  const cosines = (column: number) => measured.map(({ texts }) => cosineOf(texts[0]!, texts[column]!));
  if (form === "scores") {
    const { spearman, pearson } = similarityMetrics(
      cosines(1),
      measured.map(({ score }) => score!),
    );
    return { metrics: { spearman: spearman ?? 0, pearson: pearson ?? 0 }, ofQueries: null };
  }
  if (form === "labels") {
    const { ap, accuracy, f1 } = binaryMetrics(
      cosines(1),
      measured.map(({ label }) => label!),
    );
    return { metrics: { ap, accuracy, f1 }, ofQueries: null };
  }
  if (form === "vectors") {
    const found = measured.map(({ text, teacher }) => cosine(vectorOf(text), teacher!, width));
    return { metrics: { cosine: found.reduce((sum, one) => sum + one, 0) / found.length }, ofQueries: null };
  }
  const task = searchTask(rows.measured, rows.others);
  const ranked = await vectorRankings(task, vectorOf, engine, signal, width);
  const metrics = { ...searchMetrics(task, ranked), ...tripletAccuracy(measured, cosines) };
  return { metrics, ofQueries: ndcgOfQueries(task, ranked), firstOf: (query) => firstOf(task, ranked, query) };
}

/** Metrics of BM25; null where there is nothing to search. Ties count against it in triplets. */
export async function wordMetrics(rows: MeasuredRows, signal: AbortSignal | undefined): Promise<PairMetrics | null> {
  const { measured } = rows;
  if (!isSearch(measured[0]!.form)) return null;
  const task = searchTask(measured, rows.others);
  const words = new Bm25(task.documents);
  const places = new Map(task.documents.map((text, i) => [text, i]));
  const scoresOf = new Map<string, Map<number, number>>();
  const score = (query: string, text: string) => {
    const known = scoresOf.get(query) ?? words.scores(query);
    scoresOf.set(query, known);
    return known.get(places.get(text)!) ?? 0;
  };
  const found = searchMetrics(task, await wordRankings(task, words, signal));
  const accuracy = tripletAccuracy(measured, (column) => measured.map(({ texts }) => score(texts[0]!, texts[column]!)));
  return { ...found, ...accuracy };
}

/**
 * The metrics of a report. NDCG@10 has a 95 % interval, from its values for each query; `ofQueries` is null if nothing was searched. Rejects
 * with `AbortError` if `signal` is aborted.
 */
export async function reportedQuality(
  { metrics, ofQueries }: Pick<Quality, "metrics" | "ofQueries">,
  signal: AbortSignal | undefined,
): Promise<ReportedMetrics> {
  const interval = ofQueries === null ? undefined : await meanInterval(ofQueries, signal);
  const entries = Object.entries(metrics).map(([name, value]) => [
    name,
    { value, ...(name === "ndcg@10" && interval && { interval }) },
  ]);
  return Object.fromEntries(entries) as ReportedMetrics;
}

/** How often a positive is nearer than a negative; empty without negatives. */
function tripletAccuracy(measured: readonly PairRow[], scores: (column: number) => number[]) {
  const columns = measured[0]!.texts.length;
  if (columns < 3) return {};
  const positives = scores(1);
  const negatives = Array.from({ length: columns - 2 }, (_, i) => scores(i + 2));
  return tripletMetrics(
    negatives.flatMap(() => positives),
    negatives.flat(),
  );
}

function cosine(a: Float32Array, b: Float32Array, width = a.length): number {
  let [dot, x, y] = [0, 0, 0];
  for (let i = 0; i < width; i++) {
    dot += a[i]! * b[i]!;
    x += a[i]! * a[i]!;
    y += b[i]! * b[i]!;
  }
  const length = Math.sqrt(x) * Math.sqrt(y);
  return length === 0 ? 0 : dot / length;
}

/** Progress and cancellation: `onProgress` gets the texts done, and all. */
export interface VectorEvents {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Vectors of the texts of rows, as `encode` makes them with the prompts of the rows. */
export class TextVectors {
  constructor(private readonly encoder: SentenceEncoder) {}

  /** Number of texts that are encoded. */
  count(rows: MeasuredRows): number {
    return textsOf(rows).length;
  }

  /** Encodes each text once. @param adapter null for the base alone */
  async of(rows: MeasuredRows, adapter: ModelAdapter | null, { signal, onProgress }: VectorEvents): Promise<VectorsOf> {
    const { graph, tokenizer, layout } = this.encoder;
    const texts = textsOf(rows);
    const ids = tokenized(tokenizer, texts);
    const finish = rowsOf(graph, (pooled) => (layout.normalize ? graph.normalize(pooled) : pooled));
    const vectors = await inferTexts(this.encoder, ids, adapter, finish, {
      signal,
      ...(onProgress && { onProgress: (done: number) => onProgress(done, texts.length) }),
    });
    const places = new Map(texts.map((text, i) => [text, vectors[i]!]));
    const [row] = rows.measured as [PairRow];
    return (text, isQuery = false) => places.get(promptedText(row, text, isQuery))!;
  }
}
