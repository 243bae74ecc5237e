import { ConfigError } from "../../errors/errors.js";
import type { FileMap } from "../../io/file-access.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { measureTokens } from "../../models/language/training/fit-language.js";
import { languageTask } from "../../models/language/training/language-training.js";
import { measuringMemory } from "../../models/language/training/measure.js";
import { takeLanguageExample, type TrainingTokens } from "../../models/language/training/training-examples.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { drawnParts, inPlace, type TaskData } from "../../training/data-parts.js";
import { type MeasureEvents, phaseEvents } from "../../training/job-events.js";
import type { RunOutcome } from "../../training/report.js";
import type {
  Measured,
  RunContext,
  TaskDefinition,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import { exp } from "../../values/elementary.js";
import {
  ADAPTER,
  LanguageAdapterModel,
  type LanguageBase,
  languageBase,
  languageFiles,
  languageUse,
  openLanguage,
} from "./language-base.js";
import { type LocatedRow, readLanguageFile, wholeText } from "./read-rows.js";
import { type HeldOutLoss, languagePlan, type LanguageSettings } from "./settings.js";

/** An adapter of a language model, trained on texts or conversations. */
export const languageDefinition: TaskDefinition<LanguageSettings, LocatedRow, TrainingTokens> = {
  ...languageUse,
  modelFiles: languageFiles,
  texts: ({ example }) => [wholeText(example)],
  reader: (settings, context) => ({
    read: (path) => readLanguageFile(path, settings, context),
    ...drawnParts(settings, languagePlan, context.optionNames),
  }),
  base: languageBase,
  open(base, data, settings, context, _, from) {
    const { model } = base as LanguageBase;
    const make = () => new LanguageTaskModel(model, data, settings, context, from);
    return openLanguage(base as LanguageBase, settings, context, make);
  },
};

const lossOf = (loss: number): HeldOutLoss => ({ loss, perplexity: exp(loss) });
const count = (examples: readonly TrainingTokens[], size: (example: TrainingTokens) => number) =>
  examples.reduce((sum, one) => sum + size(one), 0);

/** Kept for a run with its own test, as folds have: the base model's measurement. Otherwise this is the first measurement. */
interface LanguageState {
  readonly before?: number;
}

/** A language model with an adapter in training. */
class LanguageTaskModel extends LanguageAdapterModel<TrainingTokens> implements TaskModel<LocatedRow, TrainingTokens> {
  constructor(
    model: CausalLanguageModel,
    private readonly data: TaskData<LocatedRow>,
    private readonly settings: LanguageSettings,
    context: RunContext,
    from?: FileMap,
  ) {
    super(model, settings, context, from);
  }

  protected sizeOf({ ids }: TrainingTokens): number {
    return ids.length;
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

  training(train: readonly TrainingTokens[], options: FitOptions): TaskTraining<TrainingTokens> {
    const resolved = this.resolved(train, options);
    return {
      task: languageTask(this.model, this.modelAdapter, resolved),
      options,
      checkpointing: resolved.checkpointing,
    };
  }

  stepMemory(checkpointing: boolean): Pick<Task<TrainingTokens>, "memory"> {
    return languageTask(this.model, this.modelAdapter, { checkpointing, layers: undefined, loraPlus: null });
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
    this.warnUntrained(evaluation?.best.step);
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
