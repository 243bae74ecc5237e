import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { AdapterError, ConfigError, UnsupportedError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { settingsOf } from "../../models/language/training/fit-settings.js";
import type { FitOptions } from "../../train/fit-options.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import { runFiles } from "../../training/store/run-store.js";
import type { RunContext } from "../../training/task-definition.js";
import type { LanguageSettings } from "./settings.js";

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
export async function checkGguf({ settings, model }: Trained, { optionNames, began }: RunContext): Promise<void> {
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
export type AdapterSettings = Omit<LanguageSettings, "task">;

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
