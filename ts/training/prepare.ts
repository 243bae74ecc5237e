import type { EngineInfo } from "../engine/running.js";
import { ConfigError } from "../errors/errors.js";
import { batchOrder } from "../train/batch-order.js";
import { breather } from "../waiting/next-task.js";
import { fewExamplesText, isSpare, loadParts, measuredPart, type TaskData, type TaskFile } from "./data-parts.js";
import { runEngine } from "./device.js";
import { memoryNeed, steppedOn } from "./estimate/memory-need.js";
import type { MemoryNeed } from "./job-events.js";
import { hear, runModel } from "./loading.js";
import type { JobModel } from "./sources/job-sources.js";
import { type OptionNames, settingError } from "./spec/option-names.js";
import {
  evaluateEveryOf,
  FINAL_FIT_ROWS,
  fitOptions,
  type RunSettings,
  stepsOf,
  type TaskPlan,
} from "./spec/run-settings.js";
import type {
  ExampleUse,
  FileExample,
  RunContext,
  TaskBase,
  TaskDefinition,
  TaskEntry,
  TaskModel,
  TaskTraining,
  TokenizedExample,
  TokenizedParts,
} from "./task-definition.js";

type Definition = TaskDefinition<RunSettings, FileExample, TokenizedExample>;

type Data = TaskData<FileExample>;

/** Model and data of a run, or of several folds. */
export interface Loaded {
  readonly task: string;
  readonly entry: TaskEntry;
  readonly definition: Definition;
  readonly settings: RunSettings;
  readonly engine: EngineInfo;
  readonly source: JobModel;
  readonly modelHash: string;
  readonly base: TaskBase;
  readonly data: Data;
  /** The runtime's description of the machine. */
  readonly machine: Readonly<Record<string, string>>;
  /** The task's findings in the data. */
  readonly surveyed: object | null;
  /** The tokenized examples. */
  readonly known: Map<FileExample, TokenizedExample>;
  /** Frees the model, and the engine if it is the run's own. */
  dispose(): Promise<void>;
}

/** A run, or a fold, ready for its first step. */
export interface Prepared extends Loaded {
  readonly steps: number;
  /** Steps between two measurements of the validation, which choose the step to keep; null if the last step is kept. */
  readonly evaluateEvery: number | null;
  readonly model: TaskModel<FileExample, TokenizedExample>;
  /** The metric that chooses the step to keep; undefined for the loss. */
  readonly chosenBy: string | undefined;
  readonly tokens: TokenizedParts<TokenizedExample>;
  /** Examples of the steps that the estimate reads. */
  readonly batches: readonly (readonly TokenizedExample[])[];
  readonly batchAt: (step: number) => readonly TokenizedExample[];
  readonly training: TaskTraining<TokenizedExample>;
  /** The fit on all rows that follows; null for none. */
  readonly final: FinalPlan | null;
  readonly memory: MemoryNeed;
  /** Bytes to reserve for the largest step. */
  readonly room: number;
}

/** A fit of a new model on the rows of training and validation. */
export interface FinalPlan {
  /** Examples in the order of the file. */
  readonly examples: readonly FileExample[];
  readonly tokens: readonly TokenizedExample[];
  /** The run's, with the length of the whole schedule; no step is chosen. */
  readonly settings: RunSettings;
  /** Steps of the whole schedule; 0 where only the head is fitted. */
  readonly steps: number;
}

/** Number of steps that the estimate reads; a longer run is assumed to continue like them. */
const STEPS_MEASURED = 4096;

/**
 * Loads engine, data and model, in the order that shows mistakes soonest. The caller disposes of the result.
 * @param load reads and splits the data
 */
export async function loadRun(
  task: string,
  entry: TaskEntry,
  settings: RunSettings,
  context: RunContext,
  load: (definition: Definition) => Promise<Data> = (definition) =>
    loadParts(definition.reader(settings, context), settings, entry.plan),
): Promise<Loaded> {
  const { sources, emit, optionNames, signal } = context;
  const machine = sources.machine();
  const definition = await entry.load();
  const { engine, end } = await runEngine(settings, context);
  try {
    const data = await load(definition);
    const few = fewExamplesText(data, entry.plan, optionNames);
    if (few !== null) emit({ type: "warning", message: few });
    await hear(signal);
    const steps = stepsOf(settings, data.train.examples.length, entry.plan.length);
    checkWarmup(settings, steps, optionNames);
    if (steps > 0) fitOptions(settings, steps);
    const surveyed = (await definition.survey?.(data, settings, context)) ?? null;
    const hashed = await runModel(settings, context, definition.modelFiles);
    const base = await definition.base(hashed, settings, engine, context);
    const { modelHash } = base;
    return {
      task,
      entry,
      definition,
      settings,
      engine: engine.info,
      source: hashed.model,
      modelHash,
      base,
      data,
      machine,
      surveyed,
      known: new Map(),
      async dispose() {
        base.dispose();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * Adds the trained parts to a model, and plans the steps. The caller disposes of the model.
 * @param isFold whether the data are a fold of data that were checked before
 */
export async function openRun(given: Loaded, context: RunContext, isFold = false): Promise<Prepared> {
  const { definition, base, settings, entry } = given;
  const { optionNames } = context;
  const data = (await definition.augment?.(base, given.data, settings, context)) ?? given.data;
  const loaded = { ...given, data };
  const model = await definition
    .open(base, data, settings, context, isFold ? null : loaded.surveyed)
    .catch((error: unknown) => {
      throw settingError(error, optionNames);
    });
  try {
    const tokens = await tokenizeParts(model, loaded, context, isFold);
    const steps = stepsOf(settings, tokens.train.length, entry.plan.length);
    checkWarmup(settings, steps, optionNames);
    const final = isFold ? null : finalPlan(settings, data, model, tokens, tokens.validation, steps, entry.plan);
    const planned = planSteps(model, tokens.train, settings, steps);
    const later = final === null ? [] : planSteps(model, final.tokens, final.settings, final.steps).batches;
    const stepped = steppedOn(model, [...planned.batches, ...later], tokens.measured);
    const asked = { ...settings, checkpointing: planned.training.checkpointing };
    const { room, ...memory } = memoryNeed(stepped, asked, steps === 0 ? 0 : base.packed, optionNames);
    const evaluateEvery = evaluateEveryOf(settings, steps, tokens.validation.length, entry.plan);
    return {
      ...loaded,
      ...planned,
      steps,
      evaluateEvery,
      model,
      tokens,
      final,
      memory,
      room,
      chosenBy: model.chosenBy ?? entry.chosenBy,
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The steps of a fit. */
function planSteps(
  model: Prepared["model"],
  train: readonly TokenizedExample[],
  settings: RunSettings,
  steps: number,
): Pick<Prepared, "training" | "batchAt" | "batches"> {
  const training = model.training(train, steps === 0 ? {} : fitOptions(settings, steps));
  const { batchSize, seed } = settings;
  const order = training.options.order ?? batchOrder(train.length, batchSize, seed, model.graph.engine);
  const batchAt = (step: number) => Array.from(order(step), (row) => train[row]!);
  const batches = Array.from({ length: Math.min(steps, STEPS_MEASURED) }, (_, step) => batchAt(step));
  return { training, batchAt, batches };
}

/**
 * @internal The final fit of a run of so many steps; null where the validation was not split from the data, the task or the settings have none, or
 * the rows are many and the settings do not ask for one.
 */
export function finalPlan(
  settings: RunSettings,
  { train, validation }: TaskData<FileExample>,
  model: TaskModel<FileExample, TokenizedExample>,
  tokens: Pick<TokenizedParts<TokenizedExample>, "train">,
  held: readonly TokenizedExample[],
  steps: number,
  { length }: TaskPlan,
): FinalPlan | null {
  if (model.finalFit === undefined || !validation.split || held.length === 0) return null;
  const [examples, own] = [
    [...train.examples, ...validation.examples],
    [...tokens.train, ...held],
  ];
  if (!(settings.finalFit ?? examples.length <= FINAL_FIT_ROWS)) return null;
  const places = examples.map((_, i) => i).sort((a, b) => examples[a]!.line - examples[b]!.line);
  const more = (count: number) => inProportion(count, tokens.train.length, own.length);
  const { warmup } = settings;
  const whole: RunSettings = {
    ...settings,
    steps: Math.max(1, more(steps)),
    epochs: null,
    evaluateEvery: null,
    patience: null,
    warmup: warmup === null ? null : Math.min(more(warmup), more(steps)),
  };
  return {
    examples: places.map((place) => examples[place]!),
    tokens: places.map((place) => own[place]!),
    settings: whole,
    steps: stepsOf(whole, own.length, length),
  };
}

/** A count of steps for more rows. */
export const inProportion = (count: number, few: number, all: number): number => Math.round((count * all) / few);

/** Tokenizes every example once. */
async function tokenizeParts(
  model: Prepared["model"],
  { data, known }: Loaded,
  { emit, signal }: RunContext,
  isFold: boolean,
): Promise<TokenizedParts<TokenizedExample>> {
  const { train, validation, test } = data;
  const breathe = breather(signal);
  const parts: readonly TaskFile<FileExample>[] = test === null ? [train, validation] : [train, validation, test];
  const total = parts.reduce((sum, { examples }) => sum + examples.length, 0);
  let [done, told] = [0, -1];
  // A fold's examples are tokenized already.
  const tell = (count = done) => {
    if (!isFold && count > told) emit({ type: "progress", phase: "tokenize", done: count, total });
    told = Math.max(told, count);
  };
  const each = async ({ file, examples }: TaskFile<FileExample>, use: ExampleUse) => {
    const made: TokenizedExample[] = [];
    for (const example of examples) {
      const pause = breathe();
      if (pause !== undefined) {
        tell();
        await pause;
      }
      const tokens = known.get(example) ?? model.tokenize(example, file, use);
      known.set(example, tokens);
      made.push(tokens);
      done++;
    }
    return made;
  };
  tell();
  // The check caches tokens, so its progress counts for both.
  if (!isFold) await model.describe?.(tell);
  const trained = await each(train, "train");
  const held = await each(validation, isSpare(data) ? "spare" : "held");
  const tested = test === null ? null : await each(test, "held");
  tell();
  return { train: trained, validation: held, measured: measuredPart({ test: tested, validation: held }) };
}

/** Throws `ConfigError` if the learning rate would not reach its peak before the run's last step. */
function checkWarmup(
  { warmup, headOnly = false }: Pick<RunSettings, "warmup" | "headOnly">,
  steps: number,
  { setting }: OptionNames,
): void {
  if (headOnly || warmup === null || warmup <= steps) return;
  throw new ConfigError(
    `${setting("warmup")} ${warmup} is longer than the run of ${steps} ${steps === 1 ? "step" : "steps"}: pass ${steps} or fewer, ` +
      `or more ${setting("steps")}`,
    { option: "warmup", warmup, steps },
  );
}
