import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { settingsOf } from "../../models/language/training/fit-settings.js";
import type { FitOptions } from "../../train/fit-options.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import type { RunContext } from "../../training/task-definition.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import { ADAPTER, ggufFiles } from "./run-gguf.js";
import type { LanguageSettings } from "./settings.js";

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
