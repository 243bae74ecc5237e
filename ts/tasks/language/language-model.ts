import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { NodeId } from "../../graph/graph.js";
import { stepOfAdapter } from "../../models/adapter-step.js";
import { GGUF_WEIGHTS } from "../../io/gguf-name.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { measureTokens } from "../../models/language/training/fit-language.js";
import { settingsOf } from "../../models/language/training/fit-settings.js";
import { languageTask } from "../../models/language/training/language-training.js";
import { measuringMemory } from "../../models/language/training/measure.js";
import { takeLanguageExample } from "../../models/language/training/training-examples.js";
import type { TrainingTokens } from "../../models/language/training/training-tokens.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { ConfigError } from "../../errors/errors.js";
import { inPlace } from "../../training/data/in-place.js";
import type { TaskData } from "../../training/data/parts.js";
import { numbersIn } from "../../training/estimate/memory-need.js";
import { phaseEvents } from "../../training/phase.js";
import type { RunOutcome } from "../../training/result/report.js";
import type {
  Measured,
  MeasureEvents,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import { loraOptions } from "../../training/spec/training-settings.js";
import { exp } from "../../values/elementary.js";
import type { HeldOutLoss } from "./language-report.js";
import { ADAPTER, ggufFiles } from "./run-gguf.js";
import type { LocatedRow } from "./read-rows.js";
import type { LanguageSettings } from "./settings.js";

/** Files that a language model's result depends on, besides those of an encoder. */
export const languageFiles: readonly string[] = [GGUF_WEIGHTS, "chat_template.jinja", "generation_config.json"];

const lossOf = (loss: number): HeldOutLoss => ({ loss, perplexity: exp(loss) });
const count = (examples: readonly TrainingTokens[], size: (example: TrainingTokens) => number) =>
  examples.reduce((sum, one) => sum + size(one), 0);

/** Kept for a run with its own test, as folds have: the base model's measurement. Otherwise this is the first measurement. */
interface LanguageState {
  readonly before?: number;
}

/** A language model with an adapter in training. */
export class LanguageTaskModel implements TaskModel<LocatedRow, TrainingTokens> {
  readonly graph: CausalLanguageModel["graph"];
  readonly parameters: { readonly adapter: number; readonly head: number };
  private readonly adapter: ModelAdapter;
  /** Whether layers are recomputed for gradients: chosen once, by the free memory before training. */
  private again: boolean | null = null;

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly data: TaskData<LocatedRow>,
    private readonly settings: LanguageSettings,
    private readonly context: RunContext,
  ) {
    this.graph = model.graph;
    model.addAdapter(ADAPTER, loraOptions(settings)!);
    this.adapter = model.adapterSet.get(ADAPTER);
    this.parameters = { adapter: numbersIn(this.graph, this.params()), head: 0 };
  }

  params(): NodeId[] {
    return this.adapter.params();
  }

  tokenize({ example, line }: LocatedRow, file: string): TrainingTokens {
    const { tokenizer, ends, model: network, chatTemplate } = this.model;
    const { task, maxTokens } = this.settings;
    // A text is used as its row has it, without the chat template.
    const parts = { tokenizer, ends, model: network, chatTemplate: task === "chat" ? chatTemplate : null };
    if (task === "chat" && chatTemplate === null)
      throw new ConfigError(
        `model ${this.model.name} has no chat template for conversations: put chat_template.jinja beside it, or train on texts (task "text")`,
        { task },
      );
    return inPlace(file, line, () => takeLanguageExample(file, line, parts, example, maxTokens ?? undefined));
  }

  checkpointing(train: readonly TrainingTokens[], options: FitOptions): boolean {
    return (this.again ??= this.taken(train, options).checkpointing);
  }

  training(train: readonly TrainingTokens[], options: FitOptions): TaskTraining<TrainingTokens> {
    return { task: languageTask(this.model, this.adapter, this.taken(train, options)), options };
  }

  stepMemory(checkpointing: boolean): Pick<Task<TrainingTokens>, "memory"> {
    return languageTask(this.model, this.adapter, { checkpointing, layers: undefined, loraPlus: null });
  }

  measuringMemory(examples: readonly TrainingTokens[]): number {
    return measuringMemory(this.model.model, examples);
  }

  counts(examples: readonly TrainingTokens[]): { tokens: number; targets: number } {
    return { tokens: count(examples, ({ ids }) => ids.length), targets: count(examples, (one) => one.targets.length) };
  }

  measure(examples: readonly TrainingTokens[], events: MeasureEvents): Promise<Measured> {
    return this.measureWith(ADAPTER, examples, events);
  }

  reads({ measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const tokens = this.data.test === null ? 0 : measured.reduce((sum, one) => sum + one, 0);
    return { baseline: tokens, finish: tokens };
  }

  async baseline({ measured }: TokenizedParts<TrainingTokens>): Promise<LanguageState> {
    if (this.data.test === null) return {};
    const events = phaseEvents(this.context, "encode-validation", measured.length);
    return { before: (await this.measureWith(null, measured, events)).loss };
  }

  async finish(
    state: object,
    { measured }: TokenizedParts<TrainingTokens>,
    fitted: FitReport | null,
  ): Promise<RunOutcome> {
    const evaluation = fitted!.evaluation;
    const { words, emit } = this.context;
    if (evaluation?.best.step === 0)
      emit({
        type: "warning",
        message: `no step was better on the held-out examples than the base model, so the result is the untrained adapter; try another ${words.setting("learningRate")} or more data`,
      });
    const losses = this.data.test === null ? null : await this.tested(state, measured);
    const watched = evaluation && { before: evaluation.measured[0]!.value, after: evaluation.best.value };
    const found = losses ?? watched;
    if (found === null) return { metrics: {}, result: null, curve: { title: "", yardsticks: [] } };
    const [before, after] = [lossOf(found.before), lossOf(found.after)];
    return {
      metrics: { perplexity: { value: after.perplexity }, loss: { value: after.loss } },
      result: { before, after, step: evaluation?.best.step ?? fitted!.steps.length },
      curve: {
        title: `perplexity ${before.perplexity.toFixed(1)} before, ${after.perplexity.toFixed(1)} after`,
        yardsticks: [],
      },
    };
  }

  async files() {
    const { model, settings, context } = this;
    return { ...model.saveAdapter(ADAPTER), ...(await ggufFiles({ settings, model }, context)) };
  }

  dispose(): void {
    const { graph, adapter } = this;
    const { adapterSet } = this.model;
    if (!graph.gone && adapterSet.has(adapter)) adapterSet.remove(ADAPTER, "dispose");
  }

  private taken(train: readonly TrainingTokens[], options: FitOptions) {
    const { checkpointing, loraPlusRatio } = this.settings;
    const own = { checkpointing: this.again ?? checkpointing, ...(loraPlusRatio !== null && { loraPlusRatio }) };
    const sizes = train.map(({ ids }) => ids.length);
    return settingsOf(this.model, own, options, sizes, stepOfAdapter(this.model.model, this.adapter.config));
  }

  private async tested({ before }: LanguageState, measured: readonly TrainingTokens[]) {
    const { loss } = await this.measure(measured, phaseEvents(this.context, "validate", measured.length));
    return { before: before!, after: loss };
  }

  private async measureWith(
    adapter: string | null,
    examples: readonly TrainingTokens[],
    events: MeasureEvents,
  ): Promise<Measured> {
    const { loss } = await measureTokens(this.model, adapter, examples, events);
    return { loss, metrics: { perplexity: exp(loss) } };
  }
}
