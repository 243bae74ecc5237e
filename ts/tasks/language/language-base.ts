import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { Engine } from "../../engine/running.js";
import { AdapterError, ConfigError, MemoryError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import { GGUF_WEIGHTS } from "../../io/gguf/index.js";
import { readRequiredJson } from "../../io/model-source.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { inHuggingFaceLayout } from "../../models/gguf/index.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { settingsOf } from "../../models/language/training/language-training.js";
import type { FitOptions } from "../../train/fit-options.js";
import { bytesInWords, numbersIn } from "../../training/estimate/memory-need.js";
import { hear } from "../../training/loading.js";
import type { HashedModel } from "../../training/sources/hashed-model.js";
import type { JobModel } from "../../training/sources/job-sources.js";
import { loraOptions } from "../../training/spec/shared-fields.js";
import { runFiles } from "../../training/store/run-store.js";
import type { RunContext, TaskBase } from "../../training/task-definition.js";
import type { LanguageSettings } from "./settings.js";

/** Files that a language model's result depends on, besides those of an encoder. */
export const languageFiles: readonly string[] = [GGUF_WEIGHTS, "chat_template.jinja", "generation_config.json"];

/** What a run makes, and what uses it. */
export const languageUse = {
  makes: "a language model's adapter",
  usedBy: (folder: string) =>
    `use it with \`lowrank generate --adapter ${folder}\` or \`lowrank chat\`; \`lowrank inspect\` shows what its run measured`,
};

/** The loaded language model of a run. */
export interface LanguageBase extends TaskBase {
  readonly model: CausalLanguageModel;
}

/** Loads it. Throws `MemoryError` before that if memory is too small. */
export async function languageBase(
  { model: source, hash: modelHash }: HashedModel,
  settings: AdapterSettings,
  engine: Engine,
  { signal }: RunContext,
): Promise<LanguageBase> {
  await checkLanguageModelFits(source, settings, engine);
  const { weights, seed } = settings;
  const model = await CausalLanguageModel.load(source, { engine, seed, weights, signal });
  const { layers, hiddenSize, maxPositions } = model.model.config;
  const maxTokens = settings.maxTokens ?? maxPositions;
  return {
    model,
    graph: model.graph,
    modelHash,
    layers,
    hiddenSize,
    maxTokens,
    packed: 0,
    dispose: () => model.dispose(),
  };
}

/** Adds the trained part, and checks that a GGUF file can hold it if the run asks for one. */
export async function openLanguage<T extends { dispose(): void }>(
  { model }: LanguageBase,
  settings: AdapterSettings,
  context: RunContext,
  make: () => T,
): Promise<T> {
  await hear(context.signal);
  const trained = make();
  try {
    await checkGguf({ settings, model }, context);
    return trained;
  } catch (error) {
    trained.dispose();
    throw error;
  }
}

/** Throws `MemoryError`, before the model is loaded, if its weights do not fit. */
async function checkLanguageModelFits(
  source: JobModel,
  { weights: asked }: Pick<LanguageSettings, "weights">,
  { info }: Engine,
): Promise<void> {
  const { used, maximum } = info.memory;
  // The bytes of "auto" depend on the file; this is the minimum.
  const weights = asked === "auto" ? "q4" : asked;
  const config = await readRequiredJson(await inHuggingFaceLayout(source), "config.json");
  const { weights: bytes } = await CausalLanguageModel.estimateMemory(config, { tokens: 1, lora: null, weights });
  if (used + bytes <= maximum) return;
  throw new MemoryError(
    `model ${clip(source.name)}: its weights take ${bytesInWords(bytes)} of linear memory, ${bytesInWords(maximum - used)} of ` +
      `${bytesInWords(maximum)} are left: use a smaller model${weights === "q4" ? "" : ', or weights with fewer bits ("q8", "q4")'}`,
    { requested: bytes, used, maximum },
  );
}

/** The adapter's name during training. */
export const ADAPTER = "default";

interface Trained {
  readonly settings: Pick<LanguageSettings, "gguf">;
  readonly model: CausalLanguageModel;
}

const isRefusal = (error: unknown): error is AdapterError | UnsupportedError =>
  error instanceof UnsupportedError || error instanceof AdapterError;

const reasonOf = ({ message }: Error) => message.replace(/^\w+: /, "").replace(/: merge it instead$/, "");

/**
 * Throws `ConfigError` if a GGUF file cannot hold the run's adapter. The file is written once before training, so that an error appears now
 * and not after it.
 */
async function checkGguf({ settings, model }: Trained, { optionNames, began }: RunContext): Promise<void> {
  // A resumed run is partly trained: its adapter is kept.
  if (!settings.gguf || began) return;
  try {
    await model.saveGguf(ADAPTER);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const option = optionNames.setting("gguf");
    throw new ConfigError(
      `${option}: the adapter of these settings cannot be written as a GGUF LoRA: ${reasonOf(error)}; omit ${option} ` +
        "and merge the adapter into the base after training, or choose an adapter on linear layers only",
      { ...error.details, option },
      { cause: error },
    );
  }
}

/** The adapter as a GGUF LoRA, if the run asks for it. If GGUF cannot hold it, this is a warning, so that the rest of the run is saved. */
async function ggufFiles({ settings, model }: Trained, { emit }: RunContext): Promise<FileMap> {
  if (!settings.gguf) return {};
  try {
    return { [runFiles.gguf]: await model.saveGguf(ADAPTER) };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const message = `${runFiles.gguf} was not written: ${reasonOf(error)}. PEFT's files of the adapter were; merge it into the base instead`;
    emit({ type: "warning", message });
    return {};
  }
}

/** Settings of every run on a language model. */
type AdapterSettings = Omit<LanguageSettings, "task">;

/** What every run on a language model has: an adapter in training. */
export abstract class LanguageAdapterModel<X> {
  readonly graph: CausalLanguageModel["graph"];
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly modelAdapter: ModelAdapter;

  constructor(
    protected readonly model: CausalLanguageModel,
    private readonly shared: AdapterSettings,
    protected readonly context: RunContext,
    from?: FileMap,
  ) {
    this.graph = model.graph;
    if (from === undefined) model.addAdapter(ADAPTER, loraOptions(shared)!);
    else model.loadAdapter(ADAPTER, from);
    this.modelAdapter = model.adapterSet.get(ADAPTER);
    this.parameters = { adapter: numbersIn(this.graph, this.params()), head: 0 };
  }

  /** Number of tokens of an example that a step computes. */
  protected abstract sizeOf(example: X): number;

  params(): NodeId[] {
    return this.modelAdapter.params();
  }

  async files() {
    const { model, shared: settings, context } = this;
    return { ...model.saveAdapter(ADAPTER), ...(await ggufFiles({ settings, model }, context)) };
  }

  dispose(): void {
    const { graph, modelAdapter: adapter } = this;
    const { adapterSet } = this.model;
    if (!graph.gone && adapterSet.has(adapter)) adapterSet.remove(ADAPTER, "dispose");
  }

  /** The training options, resolved for these examples: whether layers are recomputed, by default by the memory that is free now. */
  protected resolved(train: readonly X[], options: FitOptions) {
    const { checkpointing, loraPlusRatio } = this.shared;
    const own = { checkpointing, ...(loraPlusRatio !== null && { loraPlusRatio }) };
    const sizes = train.map((example) => this.sizeOf(example));
    return settingsOf(this.model, own, options, sizes, stepOfAdapter(this.model.model, this.modelAdapter.config));
  }

  /** Warns if the untrained adapter is the best. */
  protected warnUntrained(bestStep: number | undefined): void {
    const { optionNames, emit } = this.context;
    if (bestStep !== 0) return;
    emit({
      type: "warning",
      message: `no step was better on the held-out examples than the base model, so the result is the untrained adapter; try another ${optionNames.setting("learningRate")} or more data`,
    });
  }
}
