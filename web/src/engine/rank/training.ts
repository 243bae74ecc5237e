import { signal } from "@preact/signals";
import type { RankJobResult, RankJobSpec, RankResult } from "lowrank/jobs";
import type { JudgedRow, JudgedRows } from "../../data/judged-rows.js";
import { type EncoderId, encoders } from "../encoders.js";
import { type Effort, type EncoderRun, encoderTraining, jsonLines } from "../encoder-training.js";
import { splitJudged } from "./split.js";

/** A training of a reranker, stored for the next visit. Its files are those of a `CrossEncoder`. */
export interface RankRun extends EncoderRun {
  readonly spec: RankJobSpec;
  /** Questions that it was tested with, and not trained on. */
  readonly heldOut: readonly string[];
  readonly result: RankResult | null;
  /** The range in which NDCG@10 most likely lies on other questions (95 %). */
  readonly interval: readonly [number, number] | null;
}

/** What the page shows of it. */
export const rankTraining = encoderTraining<RankRun>({
  key: "rank run",
  notSaved: /^(checkpoint\.|run\.json|loss\.svg)/,
  resultOf(finished) {
    const { result, metrics } = (finished as RankJobResult).report;
    return { result, interval: metrics["ndcg@10"]?.interval ?? null };
  },
});
export const { run: rankRun, find: findRankRun } = rankTraining;

/** Settings that the user gave in place of those of the chosen thoroughness. */
export interface Details {
  readonly steps?: number;
  readonly learningRate?: number;
}
export const details = signal<Details>({});

const QUICK = { steps: 100, evaluateEvery: 25 };
const [TRAIN, HELD_OUT] = ["judged.jsonl", "held-out.jsonl"];

/** What a training of a reranker needs: the name of its table, the rows, and the model that it adapts. */
interface Lesson {
  readonly name: string;
  readonly judged: JudgedRows;
  readonly encoder: EncoderId;
}

/** Trains a reranker, in place of an earlier run. */
export async function trainReranker({ name, judged, encoder }: Lesson, effort: Effort): Promise<void> {
  if (rankTraining.progress.value !== null) return;
  await rankTraining.forget();
  const { train, heldOut } = splitJudged(judged);
  const lines = (rows: readonly JudgedRow[]) =>
    jsonLines(rows.map(({ question, text, label }) => ({ query: question, text, label })));
  const spec: RankJobSpec = {
    task: "rank",
    model: encoders[encoder].name,
    data: TRAIN,
    test: HELD_OUT,
    ...(effort === "quick" && QUICK),
    ...details.value,
  };
  await rankTraining.goOn({
    id: `rank-${Date.now().toString(36)}`,
    name,
    spec,
    status: "training",
    data: { [TRAIN]: lines(train), [HELD_OUT]: lines(heldOut) },
    heldOut: [...new Set(heldOut.map(({ question }) => question))],
    training: [],
    validation: [],
    result: null,
    interval: null,
    files: null,
  });
}
