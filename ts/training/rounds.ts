import { frozenA } from "../adapters/model-adapter.js";
import { checkOptions } from "../arguments/options.js";
import { ConfigError, NonFiniteError } from "../errors/errors.js";
import type { FileMap } from "../io/file-access.js";
import type { FitOptions } from "../train/fit-options.js";
import { fit } from "../train/fit.js";
import { breather } from "../waiting/next-task.js";
import type { HeldPart, TaskData, TaskFile } from "./data-parts.js";
import { runEngine } from "./device.js";
import { runModel } from "./loading.js";
import { takeSources } from "./sources/job-sources.js";
import type { Fields } from "./spec/field.js";
import type { OptionNames } from "./spec/option-names.js";
import { checkSettings } from "./spec/read-settings.js";
import { type RunSettings, taskOf } from "./spec/run-settings.js";
import type {
  ExampleUse,
  FileExample,
  RunContext,
  TaskBase,
  TaskDefinition,
  TaskModel,
  TaskTable,
  TokenizedExample,
} from "./task-definition.js";

/** The settings of a round that are not this party's own: they replace those of its spec. */
export type RoundChanges = Readonly<Partial<Omit<RunSettings, "task" | "model" | "data" | "validation" | "test">>>;

/** A call that can be cancelled: it then rejects with `AbortError`. */
interface Cancellable {
  readonly signal?: AbortSignal | undefined;
}

/** How a model is trained in a round. */
interface RoundFit extends Cancellable {
  readonly steps: number;
  /** Whether the adapter's A stays constant. */
  readonly freezeA: boolean;
  readonly onProgress?: FitOptions["onProgress"];
}

/**
 * One party's part in training that several parties share, for any task, in this thread or in a worker. Base model and data are loaded once;
 * each round opens the shared files, trains them further and saves them. One model is open at a time.
 */
export interface Rounds {
  readonly task: string;
  /** Names of the classes in the training data; empty for tasks without classes. */
  readonly labels: readonly string[];
  /** SHA-256 of everything in the base model that determines results. */
  readonly modelHash: string;
  /** Most tokens of an example. */
  readonly maxTokens: number;
  /** The loss for which this party's data were first read: its own choice, or that of its columns; null for tasks without a choice. */
  readonly loss: string | null;
  /** Numbers of examples. */
  readonly counts: { readonly train: number; readonly validation: number };
  /**
   * Reads the data again with the classes that all parties share, and for the loss in `changes`. Returns their new `counts`. Throws `ConfigError`
   * with the place if an example has another class, or if the loss does not take it.
   */
  share(labels: readonly string[], changes: RoundChanges, options: Cancellable): Promise<Rounds["counts"]>;
  /** Throws `ConfigError`, naming the setting, for invalid changes. @param what who makes them */
  check(what: string, changes: RoundChanges): void | Promise<void>;
  /** The files of an untrained model. */
  create(changes: RoundChanges): Promise<FileMap>;
  /** Opens the shared files, in place of those of an earlier round. */
  open(files: FileMap, changes: RoundChanges, options: Cancellable): Promise<void>;
  /** Sets a new head as a run does before its first step: fitted to frozen vectors. Does nothing if the task has no head. */
  fitHead(): Promise<void>;
  /** Trains the open model on this party's examples. Returns the loss of each step. */
  fit(options: RoundFit): Promise<readonly number[]>;
  /**
   * Measures the open model on this party's validation, or without one on its training examples. Metrics that are not finite are left out.
   */
  evaluate(
    options: Cancellable,
  ): Promise<{ readonly loss: number; readonly metrics: Readonly<Record<string, number>> }>;
  save(): FileMap | Promise<FileMap>;
  /** Frees the open model; safe without one. */
  close(): void | Promise<void>;
}

type Model = TaskModel<FileExample, TokenizedExample>;

/** The model of a round, with this party's examples as its tokens. */
interface OpenRound {
  readonly model: Model;
  readonly settings: RunSettings;
  readonly train: readonly TokenizedExample[];
  readonly measured: readonly TokenizedExample[];
}

/** One party's part in training that several parties share, in this thread. Nothing of a round stays. */
export class TaskRounds implements Rounds {
  private readonly known = new Map<FileExample, TokenizedExample>();
  /** Random streams drawn before the first round. */
  private readonly streams: number;
  private opened: OpenRound | null = null;
  readonly loss: string | null;

  private constructor(
    readonly task: string,
    private readonly definition: TaskDefinition<RunSettings, FileExample, TokenizedExample>,
    private readonly settings: RunSettings,
    private readonly context: RunContext,
    private readonly base: TaskBase,
    private data: TaskData<FileExample>,
    private readonly fields: Fields,
  ) {
    this.streams = base.graph.streamsDrawn;
    this.loss = definition.loss?.(data, settings) ?? (settings as { readonly loss?: string }).loss ?? null;
  }

  /** Reads the data, and loads the model. Throws as `runJob` does for them. The caller disposes of the result. */
  static async open(tasks: TaskTable, settings: RunSettings, context: RunContext): Promise<TaskRounds> {
    const task = taskOf(settings);
    checkShared(settings, context.optionNames);
    const { fields, load } = tasks[task]!;
    const definition = await load();
    const { engine } = await runEngine(settings, context);
    const read = await readData(definition, settings, { ...context, isPart: true }, null);
    const hashed = await runModel(settings, context, definition.modelFiles);
    const base = await definition.base(hashed, settings, engine, context);
    try {
      const data = (await definition.augment?.(base, read, settings, context)) ?? read;
      return new TaskRounds(task, definition, settings, context, base, data, fields);
    } catch (error) {
      base.dispose();
      throw error;
    }
  }

  get labels(): readonly string[] {
    return this.data.labels;
  }

  get modelHash(): string {
    return this.base.modelHash;
  }

  get maxTokens(): number {
    return this.base.maxTokens;
  }

  get counts(): { readonly train: number; readonly validation: number } {
    const { train, validation } = this.data;
    return { train: train.examples.length, validation: validation.examples.length };
  }

  async share(labels: readonly string[], changes: RoundChanges, { signal }: Cancellable = {}) {
    const sources = takeSources("joinFederation", this.context.sources, signal);
    const { definition, base } = this;
    const settings = { ...this.settings, ...changes };
    const context = { ...this.context, sources, signal };
    const read = await readData(definition, settings, context, labels.length + this.labels.length > 0 ? labels : null);
    this.data = (await definition.augment?.(base, read, settings, context)) ?? read;
    this.known.clear();
    return this.counts;
  }

  check(what: string, changes: RoundChanges): void {
    checkOptions(what, changes, Object.keys(this.fields));
    checkSettings(what, { ...this.settings, ...changes }, this.fields);
  }

  async create(changes: RoundChanges): Promise<FileMap> {
    const model = await this.model(changes, undefined, undefined);
    try {
      return await model.files();
    } finally {
      model.dispose();
    }
  }

  async open(files: FileMap, changes: RoundChanges, { signal }: Cancellable = {}): Promise<void> {
    this.close();
    const model = await this.model(changes, files, signal);
    try {
      const train = await this.tokens(model, this.data.train, "train", signal);
      const validation = await this.tokens(model, this.data.validation, "held", signal);
      const measured = validation.length > 0 ? validation : train;
      this.opened = { model, settings: { ...this.settings, ...changes }, train, measured };
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  async fitHead(): Promise<void> {
    const { model, train, measured } = this.current;
    if (model.parameters.head > 0) await model.baseline({ train, validation: [], measured });
  }

  fit(options: RoundFit): Promise<readonly number[]> {
    return trained(this.current, options);
  }

  async evaluate({ signal }: Cancellable = {}): ReturnType<Rounds["evaluate"]> {
    const { model, measured } = this.current;
    const { loss, metrics } = await model.measure(measured, { signal });
    if (!Number.isFinite(loss))
      throw new NonFiniteError(`evaluate: the loss of the shared model is ${loss}`, { op: "evaluate", value: loss });
    const finite = Object.entries(metrics).filter(([name, value]) => name !== "loss" && Number.isFinite(value));
    return { loss, metrics: Object.fromEntries(finite) };
  }

  save(): FileMap | Promise<FileMap> {
    return this.current.model.files();
  }

  close(): void {
    this.opened?.model.dispose();
    this.opened = null;
  }

  dispose(): void {
    this.close();
    this.base.dispose();
  }

  private get current(): OpenRound {
    if (this.opened !== null) return this.opened;
    throw new ConfigError("no round is open: call open first", { reason: "closed" });
  }

  private model(changes: RoundChanges, from: FileMap | undefined, signal: AbortSignal | undefined): Promise<Model> {
    const { definition, base, data, settings } = this;
    const context = { ...this.context, signal };
    // Each round has the same random numbers, whatever rounds this party had before.
    base.graph.streamsDrawn = this.streams;
    return definition.open(base, data, { ...settings, ...changes }, context, null, from);
  }

  /** Tokenizes examples that no earlier round has. */
  private async tokens(
    model: Model,
    { file, examples }: TaskFile<FileExample>,
    use: ExampleUse,
    signal: AbortSignal | undefined,
  ) {
    const breathe = breather(signal);
    const made: TokenizedExample[] = [];
    for (const example of examples) {
      await breathe();
      const tokens = this.known.get(example) ?? model.tokenize(example, file, use);
      this.known.set(example, tokens);
      made.push(tokens);
    }
    return made;
  }
}

async function trained(
  { model, train, settings }: OpenRound,
  { steps, freezeA, onProgress, signal }: RoundFit,
): Promise<readonly number[]> {
  const { batchSize, learningRate, weightDecay, maxGradNorm, seed } = settings;
  const fitting: FitOptions = {
    steps,
    batchSize,
    learningRate,
    weightDecay,
    maxGradNorm,
    seed,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const { task, options } = model.training(train, fitting);
  const { modelAdapter, graph } = model;
  const all = task.params();
  const kept = freezeA && modelAdapter !== null ? new Set(frozenA(graph, modelAdapter).params()) : null;
  const ofAdapter = new Set(modelAdapter?.params());
  const params = kept === null ? all : all.filter((id) => kept.has(id) || !ofAdapter.has(id));
  const isTrained = new Set(params);
  // Such as those of LoRA+, in which A has a rate of its own.
  const grouped = task.groups?.().flatMap(({ params: own, ...rest }) => {
    const some = own.filter((id) => isTrained.has(id));
    return some.length === 0 ? [] : [{ ...rest, params: some }];
  });
  const some = { ...task, params: () => params, ...(grouped && { groups: () => grouped }) };
  const report = await fit(some, train, options);
  return report.steps.map(({ loss }) => loss);
}

/** Throws `ConfigError` for settings of this party that would train something else than what all parties share: an adapter by its usual loss. */
function checkShared(settings: RunSettings, { setting }: OptionNames): void {
  const { headOnly, recipe, dora, lora } = settings as Partial<
    Record<"headOnly" | "recipe" | "dora" | "lora", unknown>
  >;
  const strange = [
    ...(headOnly === true ? ["headOnly"] : []),
    ...(recipe === "few-shot" ? ["recipe"] : []),
    ...(dora === true ? ["dora"] : []),
    ...(lora != null ? ["lora"] : []),
  ];
  if (strange.length === 0) return;
  const names = strange.map(setting).join(", ");
  throw new ConfigError(`${names}: all parties train the same adapter, which the server's settings make; omit it`, {
    option: strange[0],
  });
}

/** The data as a run with its own validation has them, without a test. @param labels the classes that all parties share, if they are known */
async function readData(
  definition: TaskDefinition<RunSettings, FileExample, TokenizedExample>,
  settings: RunSettings,
  context: RunContext,
  labels: readonly string[] | null,
): Promise<TaskData<FileExample>> {
  const reader = definition.reader(settings, context);
  const shared = labels === null ? null : { file: "", sha256: "", examples: [], labels };
  const train = await reader.read(settings.data, shared, false);
  const held =
    settings.validation === null
      ? { ...train, examples: [] }
      : await reader.read(settings.validation, shared ?? train, false);
  const validation: HeldPart<FileExample> = { ...held, split: false };
  return { train, validation, test: null, labels: train.labels, tooFewToChoose: null };
}
