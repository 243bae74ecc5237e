import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { GGUF_WEIGHTS } from "../../models/gguf/index.js";
import { settingsOf } from "../../models/language/training/fit-settings.js";
import { languageTask } from "../../models/language/training/language-training.js";
import type { FitOptions } from "../../train/fit-options.js";
import { sizeOf } from "../../values/shape.js";
import type { JobContext, PreparedJob } from "../job-task.js";
import { hear, runEngine, runModel } from "../loading.js";
import { languageSteps, type LanguageSettings } from "../spec/language-settings.js";
import { loraOptions, scheduleOf } from "../spec/training-settings.js";
import { checkWarmup } from "../spec/warmup-check.js";
import { checkCheckpointFits } from "../store/checkpoint-file.js";
import { checkSameOrigin } from "../store/origin-check.js";
import { loadLanguageData } from "./held-out-texts.js";
import { readyLanguage } from "./language-estimate.js";
import { checkLanguageModelFits, languageMemory } from "./language-memory.js";
import { ADAPTER, type PreparedLanguage } from "./prepared-language.js";
import { checkGguf } from "./run-gguf.js";
import { tokenized } from "./tokenized.js";
import { trainLanguage } from "./train-language.js";

/** What decides a language model beside an encoder's files. */
const DECISIVE = [GGUF_WEIGHTS, "chat_template.jinja", "generation_config.json"];

/** Loads and checks a run on a language model, and says how it goes on. */
export async function prepareLanguage(settings: LanguageSettings, context: JobContext): Promise<PreparedJob> {
  const prepared = await load(settings, context);
  const { model, task, steps } = prepared;
  let ready: Awaited<ReturnType<typeof readyLanguage>> | null = null;
  return {
    steps,
    checkResumable(store, resumed, words) {
      checkSameOrigin(resumed.run, { ...prepared, test: null }, words);
      checkCheckpointFits(store, resumed, { steps, shapes: task.params().map((id) => model.graph.shape(id)) });
    },
    async ready(resumed, given) {
      ready = await readyLanguage(prepared, resumed?.checkpoint.step ?? null, given);
      return { type: "ready-language", job: ready };
    },
    train: (store, resumed, given) => trainLanguage(prepared, ready!.estimate, store, resumed, given),
    dispose: () => model.dispose(),
  };
}

async function load(settings: LanguageSettings, context: JobContext): Promise<PreparedLanguage> {
  const { sources, emit, words, signal } = context;
  const machine = sources.machine();
  const engine = await runEngine(settings, context);
  const data = await loadLanguageData(settings, context);
  await hear(signal);
  const steps = languageSteps(settings, data.train.examples.length);
  checkWarmup(settings, steps, words);
  const fitting = fitOptionsOf(settings, steps);
  const { model: source, hash: modelHash } = await runModel(settings, context, DECISIVE);
  await checkLanguageModelFits(source, settings, engine);
  const { weights, seed } = settings;
  const model = await CausalLanguageModel.load(source, { engine, seed, weights, signal });
  try {
    await hear(signal);
    model.addAdapter(ADAPTER, loraOptions(settings)!);
    await checkGguf({ settings, model }, context);
    const total = data.train.examples.length + data.validation.examples.length;
    const tell = (before: number) => (done: number) =>
      emit({ type: "progress", phase: "tokenize", done: before + done, total });
    tell(0)(0);
    const learnt = await tokenized(data.train, model, settings, signal, tell(0));
    const held = await tokenized(data.validation, model, settings, signal, tell(learnt.length));
    const { checkpointing: again, loraPlusRatio } = settings;
    const adapter = model.adapterSet.get(ADAPTER);
    const sizes = learnt.map(({ ids }) => ids.length);
    const own = { checkpointing: again, ...(loraPlusRatio !== null && { loraPlusRatio }) };
    const taken = settingsOf(model, own, fitting, sizes, stepOfAdapter(model.model, adapter.config));
    const task = languageTask(model, adapter, taken);
    const parameters = { adapter: task.params().reduce((sum, id) => sum + sizeOf(model.graph.shape(id)), 0) };
    const { checkpointing } = taken;
    const memory = await languageMemory({ model, task, fitting, learnt, held, checkpointing }, settings, context);
    const run = {
      ...data,
      settings,
      steps,
      engine: engine.info,
      source,
      modelHash,
      model,
      task,
      checkpointing,
      fitting,
    };
    return { ...run, evaluateEvery: everyOf(settings, steps, held.length), learnt, held, parameters, memory, machine };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The settings as `fit` takes them. */
function fitOptionsOf(settings: LanguageSettings, steps: number): FitOptions {
  const { batchSize, learningRate, weightDecay, maxGradNorm, accumulate, seed } = settings;
  const schedule = scheduleOf(settings, steps);
  return { steps, batchSize, learningRate, schedule, weightDecay, maxGradNorm, accumulate, seed };
}

const everyOf = ({ evaluateEvery }: LanguageSettings, steps: number, held: number) =>
  held === 0 ? null : (evaluateEvery ?? Math.max(1, Math.round(steps / 10)));
