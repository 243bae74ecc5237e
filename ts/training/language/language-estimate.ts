import { batchOrder } from "../../train/batch-order.js";
import { stopwatch } from "../../waiting/stopwatch.js";
import { measureTokens } from "../../models/language/training/fit-language.js";
import type { TrainingTokens } from "../../models/language/training/training-examples.js";
import { longRunText, secondsPerToken, stepTrials, type Trial } from "../estimate/job-estimate.js";
import type { JobContext } from "../job-task.js";
import { ADAPTER, type PreparedLanguage } from "./prepared-language.js";
import type { LanguageEstimate, ReadyLanguageJob } from "./ready-language.js";
import { countTokens } from "./tokenized.js";

/** Tokens of the examples on which measuring is timed. */
const SAMPLE_TOKENS = 512;

/** Times some of the run's own steps, without an update, and tells what is about to run. Throws `AbortError` within a step. */
export async function readyLanguage(
  prepared: PreparedLanguage,
  done: number | null,
  context: JobContext,
): Promise<ReadyLanguageJob> {
  const { settings, steps, evaluateEvery, engine, source, model, learnt, held, train, validation } = prepared;
  const estimate = await estimateOf(prepared, done, context);
  const { setting } = context.words;
  const message = longRunText(
    estimate.seconds.total,
    `fewer ${setting("steps")} or a lower ${setting("maxTokens")} make`,
  );
  if (message !== null) context.emit({ type: "warning", message });
  const part = ({ file }: { readonly file: string }, examples: readonly TrainingTokens[]) => ({
    ...{ file, examples: examples.length, ...countTokens(examples) },
  });
  const { layers, hiddenSize } = model.model.config;
  return {
    ...{ settings, steps, evaluateEvery, resumedAfter: done, engine },
    model: { name: source.name, origin: source.origin, layers, hiddenSize },
    data: {
      train: part(train, learnt),
      validation: held.length === 0 ? null : { ...part(validation, held), split: validation.split },
    },
    ...{ parameters: prepared.parameters, checkpointing: prepared.checkpointing, estimate },
  };
}

async function estimateOf(
  prepared: PreparedLanguage,
  done: number | null,
  context: JobContext,
): Promise<LanguageEstimate> {
  const { steps, evaluateEvery, learnt, held, memory } = prepared;
  const { batchSize, seed, accumulate } = prepared.settings;
  // The run's first steps.
  const order = batchOrder(learnt.length, batchSize, seed, prepared.model.graph.engine);
  const batchAt = (i: number) => Array.from(order(i % steps), (row) => learnt[row]!);
  const trained = await secondsPerToken(stepTrials(prepared.task, batchAt, accumulate), context);
  const measured = evaluateEvery === null ? 0 : await secondsPerToken(trialTexts(prepared, context), context);
  const left = steps - (done ?? 0);
  const mean = countTokens(learnt).tokens / learnt.length;
  const training = trained * mean * Math.min(prepared.settings.batchSize, learnt.length) * left;
  // The first is before the first step; a run that goes on has that behind it.
  const times = evaluateEvery === null ? 0 : Math.ceil(left / evaluateEvery) + (done === null ? 1 : 0);
  const validation = measured * countTokens(held).tokens * times;
  return { seconds: { training, validation, total: training + validation }, memory };
}

/** Some of the examples held out. */
function trialTexts({ model, held }: PreparedLanguage, { signal }: JobContext): (i: number) => Trial {
  const some: TrainingTokens[] = [];
  let tokens = 0;
  for (const example of held) {
    if (tokens >= SAMPLE_TOKENS) break;
    some.push(example);
    tokens += example.ids.length;
  }
  return () => async () => {
    const elapsed = stopwatch();
    await measureTokens(model, ADAPTER, some, { signal });
    return { tokens, milliseconds: elapsed() };
  };
}
