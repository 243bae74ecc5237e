import type { JobContext } from "../job-task.js";
import type { Prepared } from "../prepare.js";
import { nextTask } from "../../waiting/next-task.js";
import { stopwatch } from "../../waiting/stopwatch.js";
import { throwIfAborted } from "../../waiting/abort.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { TokenizedExample } from "../../tasks/classifier-training.js";
import type { Task } from "../../train/task.js";
import { timeStep } from "../../train/timed-step.js";
import { measuredPart } from "../data/dataset.js";
import { type JobSeconds, jobSeconds } from "./job-seconds.js";
import { type MemoryNeed, steppedTexts, stepMemory } from "./memory-need.js";

/** What a run will take, told before it begins. */
export interface JobEstimate {
  /** Seconds, from a few steps that were timed. */
  readonly seconds: JobSeconds;
  /** Bytes of linear memory: at most in use, and what there can be. */
  readonly memory: MemoryNeed;
}

/** Steps that are timed: the first ones run code that is not yet compiled well. They end once so many milliseconds have passed. */
const [TRIALS, ENOUGH_MS] = [4, 1500];
/** Tokens of the texts on which the encoder alone is timed: a batch of its own. */
const SAMPLE_TOKENS = 512;
/** A run that takes more seconds than this is warned of. */
const LONG = 20 * 60;

/**
 * Times some of the run's own steps and texts, without an update: no bit of the run is another for it. Warns of a run that
 * takes more than twenty minutes. Throws `AbortError` within a step.
 * @param done steps that a run has behind it that goes on; null for one that begins
 * @param runs how many like it follow each other: folds
 */
export async function estimateJob(
  prepared: Prepared,
  done: number | null,
  context: JobContext,
  runs = 1,
): Promise<JobEstimate> {
  const { settings, steps, classifier } = prepared;
  const { accumulate, checkpointing } = settings;
  if (steps > 0) classifier.graph.reserve(stepMemory(steppedTexts(classifier, prepared.tokens), settings));
  const loss = (part: readonly TokenizedExample[]) => classifier.loss(part, { checkpointing });
  const task = { graph: classifier.graph, params: () => classifier.params(), loss };
  const trials = {
    steps: stepTrials(task, trialBatches(prepared), accumulate),
    texts: textTrials(
      classifier.encoder,
      measuredPart(prepared.dataset).examples.map(({ text }) => text),
      context,
    ),
  };
  return estimateRun({ ...prepared, done }, trials, context, runs);
}

/** A run of any classifier, and the linear memory that it takes. */
type PlannedRun = Parameters<typeof jobSeconds>[0] & { readonly memory: MemoryNeed };

/** Times trials of a run's steps and texts. Warns as `estimateJob`; the room of its steps is reserved by then. */
export async function estimateRun(
  planned: PlannedRun,
  trials: { readonly steps: Trials; readonly texts: Trials },
  context: JobContext,
  runs = 1,
): Promise<JobEstimate> {
  const { settings, steps, memory } = planned;
  const { emit, words } = context;
  const speed = {
    trained: steps === 0 ? 0 : await secondsPerToken(trials.steps, context),
    encoded: await secondsPerToken(trials.texts, context),
  };
  const seconds = jobSeconds(planned, speed);
  const tokens = words.setting("maxTokens");
  const fewer = settings.headOnly
    ? `a lower ${tokens} makes`
    : `fewer ${words.setting("steps")} or a lower ${tokens} make`;
  const message = longRunText(runs * seconds.total, fewer);
  if (message !== null) emit({ type: "warning", message });
  return { seconds, memory };
}

/** What to say of a run that takes so many seconds; null of a short one. @param fewer what makes it shorter */
export function longRunText(seconds: number, fewer: string): string | null {
  return seconds > LONG ? `this run will take about ${Math.round(seconds / 60)} minutes: ${fewer} it shorter` : null;
}

/** Something that is done to be timed: gives how many tokens, and milliseconds. */
export type Trial = () => Promise<{ readonly tokens: number; readonly milliseconds: number }>;

/** Trials by their number. */
type Trials = (i: number) => Trial;

/** The fastest of several trials. */
export async function secondsPerToken(trial: Trials, { signal }: JobContext): Promise<number> {
  let best = Infinity;
  const elapsed = stopwatch();
  for (let i = 0; i < TRIALS && (i === 0 || elapsed() < ENOUGH_MS); i++) {
    await nextTask();
    throwIfAborted(signal);
    const { tokens, milliseconds } = await trial(i)();
    best = Math.min(best, milliseconds / Math.max(tokens, 1) / 1000);
  }
  return best;
}

/** Steps on batches. */
export const stepTrials =
  <E extends { readonly ids: Int32Array }>(
    task: Pick<Task<E>, "graph" | "params" | "loss">,
    batchAt: (step: number) => readonly E[],
    accumulate: number,
  ): Trials =>
  (i) =>
  async () => {
    const batch = batchAt(i);
    const milliseconds = timeStep(task, batch, accumulate);
    return { tokens: batch.reduce((sum, { ids }) => sum + ids.length, 0), milliseconds };
  };

/** The batches of a run's first steps. */
function trialBatches({ classifier, dataset, steps, tokens }: Prepared): (i: number) => TokenizedExample[] {
  const classes = new Map(classifier.labels.map((label, i) => [label, i]));
  return (i) =>
    Array.from(tokens.batchAt(i % steps), (row) => {
      const { text, label } = dataset.train.examples[row]!;
      return { ids: classifier.encoder.tokenizer.encode(text), target: classes.get(label)! };
    });
}

/** The first of some texts through the encoder as it is. */
export function textTrials(encoder: SentenceEncoder, all: readonly string[], { signal }: JobContext): Trials {
  const texts: string[] = [];
  let tokens = 0;
  for (const text of all) {
    if (tokens >= SAMPLE_TOKENS) break;
    texts.push(text);
    tokens += encoder.tokenizer.encode(text).length;
  }
  return () => async () => {
    const elapsed = stopwatch();
    await encoder.encode(texts, { adapter: null, normalize: false, signal });
    return { tokens, milliseconds: elapsed() };
  };
}
