import { TokenClassifier } from "../../tasks/tokens/token-classifier.js";
import { targetsOf, tokenTraining, type TokenTargets } from "../../tasks/tokens/token-training.js";
import { batchOrder } from "../../train/batch-order.js";
import { microBatches } from "../../train/step.js";
import { breather } from "../../waiting/next-task.js";
import { measuredPart, spareForHead } from "../data/dataset.js";
import { estimateRun, stepTrials, textTrials } from "../estimate/job-estimate.js";
import type { JobEstimate } from "../estimate/job-estimate.js";
import { checkModelFits, memoryNeed, parametersOf, type SteppedTask, stepMemory } from "../estimate/memory-need.js";
import type { JobContext, PreparedJob } from "../job-task.js";
import { hear, loadEncoder, runEngine, runModel } from "../loading.js";
import type { TokenSettings } from "../spec/token-settings.js";
import { evaluateEveryOf, fitOptions, loraOptions, stepsOf } from "../spec/training-settings.js";
import { checkWarmup } from "../spec/warmup-check.js";
import { checkCheckpointFits } from "../store/checkpoint-file.js";
import { checkSameOrigin } from "../store/origin-check.js";
import type { PreparedTokens } from "./prepared-tokens.js";
import { readyTokens } from "./ready-tokens.js";
import { inPlace, loadTokenDataset, type TokenDataset, type TokenFile } from "./token-dataset.js";
import { trainTokens } from "./train-tokens.js";

/** Steps that are looked at; those of a longer run are taken to be like them. */
const STEPS_MEASURED = 4096;

/** Loads and checks a run on labelled words, and says how it goes on. */
export async function prepareTokens(settings: TokenSettings, context: JobContext): Promise<PreparedJob> {
  const { prepared, stepped } = await load(settings, context);
  const { classifier, steps, dataset } = prepared;
  const { encoder } = classifier;
  let estimate: JobEstimate | null = null;
  return {
    steps,
    checkResumable(store, resumed, words) {
      checkSameOrigin(resumed.run, { ...prepared, ...dataset }, words);
      checkCheckpointFits(store, resumed, { steps, shapes: classifier.params().map((id) => encoder.graph.shape(id)) });
    },
    async ready(resumed, given) {
      if (steps > 0) encoder.graph.reserve(stepMemory(stepped, settings));
      const texts = measuredPart(dataset).examples.map(({ text }) => text);
      const trials = {
        steps: stepTrials(prepared.training.task, (i) => prepared.batchAt(i % steps), settings.accumulate),
        texts: textTrials(encoder, texts, given),
      };
      estimate = await estimateRun({ ...prepared, done: resumed?.checkpoint.step ?? null }, trials, given);
      return { type: "ready-tokens", job: readyTokens(prepared, resumed, estimate) };
    },
    train: (store, resumed, given) => trainTokens(prepared, estimate!, store, resumed, given),
    dispose: () => encoder.dispose(),
  };
}

async function load(
  settings: TokenSettings,
  context: JobContext,
): Promise<{ prepared: PreparedTokens; stepped: SteppedTask }> {
  const { sources, words, signal } = context;
  const machine = sources.machine();
  const engine = await runEngine(settings, context);
  const dataset = await loadTokenDataset(settings, context);
  await hear(signal);
  const { train, validation, labels } = dataset;
  const steps = stepsOf(settings, train.examples.length);
  checkWarmup(settings, steps, words);
  const hashed = await runModel(settings, context);
  const { model } = hashed;
  const packed = await checkModelFits(model, engine);
  const { encoder, modelHash } = await loadEncoder(hashed, settings, engine, context);
  try {
    const classifier = TokenClassifier.create(encoder, { labels, lora: loraOptions(settings) });
    const { learnt, spare, tokens } = await tokenized(dataset, classifier, context);
    const all = learnt.flatMap(({ targets }) => targets);
    const training = tokenTraining(classifier.parts, all, settings.headOnly ? {} : fitOptions(settings, steps));
    const order = batchOrder(learnt.length, settings.batchSize, settings.seed, engine);
    const batchAt = (step: number) => Array.from(order(step), (row) => learnt[row]!);
    const batches = Array.from({ length: Math.min(steps, STEPS_MEASURED) }, (_, step) => batchAt(step));
    const stepped = steppedWords(classifier, batches);
    const head = parametersOf({ ...stepped, params: () => classifier.head.params() });
    const parameters = { adapter: parametersOf(stepped) - head, head };
    const memory = memoryNeed(stepped, settings, settings.headOnly ? 0 : packed, words);
    const evaluateEvery = evaluateEveryOf(settings, steps, validation.examples.length);
    const run = { settings, steps, evaluateEvery, engine: engine.info, model, modelHash, dataset, classifier, machine };
    const counted = { ...tokens, steps: batches.map(tokensIn) };
    return { prepared: { ...run, training, learnt, spare, parameters, tokens: counted, batchAt, memory }, stepped };
  } catch (error) {
    encoder.dispose();
    throw error;
  }
}

const tokensIn = (texts: readonly TokenTargets[]) => texts.reduce((sum, { ids }) => sum + ids.length, 0);

/** Training on batches, whose largest part decides the memory. */
function steppedWords(classifier: TokenClassifier, batches: readonly (readonly TokenTargets[])[]): SteppedTask {
  return {
    graph: classifier.encoder.graph,
    params: () => classifier.params(),
    largest({ accumulate, checkpointing }) {
      const { task } = tokenTraining(classifier.parts, [0], { checkpointing });
      let [tokens, bytes] = [0, 0];
      for (const batch of batches)
        for (const part of microBatches(batch, accumulate)) {
          tokens = Math.max(tokens, tokensIn(part));
          bytes = Math.max(bytes, task.memory!(part));
        }
      return { tokens, bytes };
    },
  };
}

/** Tokens of what is learnt, and how many there are of what is measured. */
async function tokenized(dataset: TokenDataset, classifier: TokenClassifier, { emit, signal }: JobContext) {
  const { train, validation, test } = dataset;
  const { tokenizer } = classifier.parts;
  const breathe = breather(signal);
  const total = train.examples.length + validation.examples.length + (test?.examples.length ?? 0);
  let done = 0;
  const tell = () => emit({ type: "progress", phase: "tokenize", done, total });
  const each = async <T>({ examples }: TokenFile, work: (example: TokenFile["examples"][number]) => T) => {
    const made: T[] = [];
    for (const example of examples) {
      const pause = breathe();
      if (pause !== undefined) {
        tell();
        await pause;
      }
      made.push(work(example));
      done++;
    }
    return made;
  };
  tell();
  const targets =
    ({ file }: TokenFile) =>
    (example: TokenFile["examples"][number]) =>
      inPlace(file, example.line, () => targetsOf("fit", tokenizer, example, 0));
  const learnt = await each(train, targets(train));
  const isSpare = spareForHead(dataset).length > 0;
  const count = ({ text }: { readonly text: string }) => tokenizer.encode(text).length;
  const spare = isSpare ? await each(validation, targets(validation)) : [];
  const sum = (counts: readonly number[]) => counts.reduce((all, one) => all + one, 0);
  const held = isSpare ? tokensIn(spare) : sum(await each(validation, count));
  const measured = test === null ? held : sum(await each(test, count));
  tell();
  return { learnt, spare, tokens: { train: tokensIn(learnt), validation: held, measured } };
}
