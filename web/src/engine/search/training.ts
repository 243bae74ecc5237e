import type { PairsJobResult, PairsJobSpec, PairsResult } from "lowrank/jobs";
import { type EncoderId, encoders } from "../encoders.js";
import { type Effort, type EncoderRun, encoderTraining, jsonLines } from "../encoder-training.js";
import { type Judgement, judgements } from "./judged.js";
import { splitPairs, type TextPair } from "./split.js";

/** A training of the search, stored for the next visit. */
export interface SearchRun extends EncoderRun {
  readonly spec: PairsJobSpec;
  /** Questions that it was tested with, and not trained on. */
  readonly heldOut: readonly string[];
  readonly result: PairsResult | null;
  /** The range in which NDCG@10 most likely lies on other questions (95 %). */
  readonly interval: readonly [number, number] | null;
  /** Whether no step was better than the base model on the pairs that choose it, so that the adapter changes nothing. */
  readonly isUnchanged: boolean;
  /** The judgements that it used; missing in runs of earlier versions. */
  readonly judged?: readonly Judgement[];
  /** Questions that it was not trained on with a right text among the first five; missing until that was counted. */
  readonly firstFive?: FirstFive;
  /** Share of such questions after earlier trainings with this table, the oldest first. */
  readonly earlier?: readonly number[];
}

/** Numbers of questions. */
export interface FirstFive {
  readonly before: number;
  readonly after: number;
  readonly questions: number;
}

/** Most earlier trainings whose result is kept. */
const MOST_EARLIER = 5;

/** The results of a run and of those before it with the same table, the oldest first. */
export const resultsOf = ({ earlier = [], firstFive }: SearchRun): readonly number[] =>
  firstFive === undefined ? earlier : [...earlier, firstFive.after / firstFive.questions];

/** What the page shows of it. Its files are a folder of sentence-transformers with the adapter. */
export const searchTraining = encoderTraining<SearchRun>({
  key: "search run",
  notSaved: /^(checkpoint\.|run\.json|report\.json|loss\.svg)/,
  resultOf(finished) {
    const { result, metrics, evaluation } = (finished as PairsJobResult).report;
    const { interval = null } = metrics["ndcg@10"] ?? {};
    return { result, interval, isUnchanged: evaluation?.best.step === 0 };
  },
});
export const { run: searchRun, find: findSearchRun } = searchTraining;

const QUICK = { steps: 30, batchSize: 16, evaluateEvery: 10 };
const [TRAIN, HELD_OUT] = ["pairs.jsonl", "held-out.jsonl"];

/** What a training of the search needs: the name of its table, the pairs, and the model that it adapts. */
interface Lesson {
  readonly name: string;
  readonly pairs: readonly TextPair[];
  readonly encoder: EncoderId;
}

/** Trains on pairs, in place of an earlier run. */
export async function trainSearch({ name, pairs, encoder }: Lesson, effort: Effort): Promise<void> {
  if (searchTraining.progress.value !== null) return;
  const before = searchRun.value;
  const earlier = before?.name === name ? resultsOf(before).slice(-MOST_EARLIER) : [];
  await searchTraining.forget();
  const { train, heldOut } = splitPairs(pairs);
  const lines = (rows: readonly TextPair[]) =>
    jsonLines(rows.map(({ question, answer }) => ({ anchor: question, positive: answer })));
  const spec: PairsJobSpec = {
    task: "pairs",
    model: encoders[encoder].name,
    data: TRAIN,
    test: HELD_OUT,
    ...(effort === "quick" && QUICK),
  };
  await searchTraining.goOn({
    id: `search-${Date.now().toString(36)}`,
    name,
    spec,
    status: "training",
    data: { [TRAIN]: lines(train), [HELD_OUT]: lines(heldOut) },
    heldOut: [...new Set(heldOut.map(({ question }) => question))],
    training: [],
    validation: [],
    result: null,
    interval: null,
    isUnchanged: false,
    files: null,
    judged: judgements.value,
    earlier,
  });
}
