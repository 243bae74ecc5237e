import { meanInterval } from "../../train/metrics/bootstrap.js";
import type { ReportedMetrics, TaskReport } from "../../training/result/report.js";
import type { Quality } from "./pair-quality.js";
import type { PairForm, PairLoss, PairsSettings } from "./settings.js";

/** What the result is compared with, on the same examples: metrics by name. */
export interface PairsYardsticks {
  /** The base model's vectors. */
  readonly base: Readonly<Record<string, number>>;
  /** A search by words (BM25); null where nothing is searched. */
  readonly bm25: Readonly<Record<string, number>> | null;
}

/** Results on the examples to test on. */
export interface PairsResult {
  /** What it is compared with. */
  readonly yardsticks: PairsYardsticks;
  /** Metrics with the adapter. */
  readonly after: Readonly<Record<string, number>>;
  /** Which examples the result is measured on. The validation flatters it, since the step was chosen by it. */
  readonly measuredOn: "test" | "validation";
  /** What the rows are. */
  readonly form: PairForm;
  /** The loss that was trained. */
  readonly loss: PairLoss;
  /** Number of documents that were searched, those of all parts; null where nothing is searched. */
  readonly documents: number | null;
  /** The metrics of vectors cut to each length of `matryoshka`; null without. */
  readonly dimensions: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
}

/** What a finished run on pairs gives. */
export interface PairsJobResult {
  /** What happened: report.json. */
  readonly report: TaskReport<PairsSettings, PairsResult>;
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
