import type { FileMap } from "../../io/file-access.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { PreferenceLoss } from "../../models/language/training/preference-losses.js";
import { type PreparedPreference, preparePreference } from "../../models/language/training/preference-rows.js";
import {
  measurePreferences,
  preferenceMemory,
  type PreferenceMetrics,
  preferenceTask,
  tokensOf,
} from "../../models/language/training/preference-task.js";
import { takePreferenceLoss } from "../../models/language/training/preferences.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { drawnParts, inPlace } from "../../training/data-parts.js";
import { type MeasureEvents, phaseEvents } from "../../training/job-events.js";
import { formatPercent, type RunOutcome } from "../../training/report.js";
import type {
  Measured,
  RunContext,
  TaskDefinition,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import {
  ADAPTER,
  LanguageAdapterModel,
  type LanguageBase,
  languageBase,
  languageFiles,
  languageUse,
  openLanguage,
} from "../language/language-base.js";
import { textOfTurns } from "../language/read-rows.js";
import { languagePlan } from "../language/settings.js";
import { type LocatedPreference, readPreferences } from "./read-preferences.js";
import type { PreferenceSettings } from "./settings.js";

/** An adapter of a language model, trained on preferences. */
export const preferenceDefinition: TaskDefinition<PreferenceSettings, LocatedPreference, PreparedPreference> = {
  repeatsTexts: true,
  ...languageUse,
  modelFiles: languageFiles,
  texts: ({ example }) =>
    (example.kind === "pair" ? [example.chosen, example.rejected] : [example.answered]).map(
      ({ prompt, answer }) => textOf(prompt) + textOf(answer),
    ),
  reader(settings, context) {
    lossOf(settings, context.optionNames.setting);
    return {
      read: (path) => readPreferences(path, settings, context),
      ...drawnParts(settings, languagePlan, context.optionNames),
    };
  },
  base: languageBase,
  open(base, _data, settings, context, _, from) {
    const { model } = base as LanguageBase;
    const loss = lossOf(settings, context.optionNames.setting);
    const make = () => new PreferenceTaskModel(model, settings, loss, context, from);
    return openLanguage(base as LanguageBase, settings, context, make);
  },
  about({ examples }) {
    const answers = examples.flatMap(({ example }) => (example.kind === "pair" ? [] : [example.desirable]));
    const longer = examples.filter(
      ({ example }) => example.kind === "pair" && lengthOf(example.chosen.answer) > lengthOf(example.rejected.answer),
    );
    return {
      prompts: new Set(examples.map(({ text }) => text)).size,
      ...(answers.length === 0
        ? { "pairs whose chosen answer is longer": longer.length }
        : { "desirable answers": answers.filter((one) => one).length }),
    };
  },
};

/** The loss of a run's settings. Throws `ConfigError` for constants that it does not have. */
function lossOf({ loss, ...settings }: PreferenceSettings, nameOf: (name: keyof PreferenceSettings) => string) {
  const { beta, labelSmoothing, simpoGamma, desirableWeight, undesirableWeight } = settings;
  const given = { beta, labelSmoothing, simpoGamma, desirableWeight, undesirableWeight };
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  return takePreferenceLoss("preferences", { loss, ...own }, (name) => nameOf(name));
}

const textOf = (part: string | readonly { readonly content?: unknown }[]) =>
  typeof part === "string" ? part : textOfTurns(part);

const lengthOf = (answer: string | readonly { readonly content?: unknown }[]): number =>
  typeof answer === "string"
    ? answer.length
    : answer.reduce((sum, { content }) => sum + (typeof content === "string" ? content.length : 0), 0);

/** Kept in checkpoints: the base model's measurement; null if nothing is held out. */
interface PreferenceState {
  readonly base: PreferenceMetrics | null;
}

/** A language model with an adapter in training on preferences. */
class PreferenceTaskModel
  extends LanguageAdapterModel<PreparedPreference>
  implements TaskModel<LocatedPreference, PreparedPreference>
{
  constructor(
    model: CausalLanguageModel,
    private readonly settings: PreferenceSettings,
    private readonly loss: PreferenceLoss,
    context: RunContext,
    from?: FileMap,
  ) {
    super(model, settings, context, from);
  }

  protected sizeOf(example: PreparedPreference): number {
    return tokensOf(example);
  }

  tokenize({ example, other, line }: LocatedPreference, file: string): PreparedPreference {
    const { maxTokens } = this.settings;
    return inPlace(file, line, () => preparePreference(file, line, this.model, example, other, maxTokens ?? undefined));
  }

  training(train: readonly PreparedPreference[], options: FitOptions): TaskTraining<PreparedPreference> {
    const resolved = this.resolved(train, options);
    const task = preferenceTask(this.model, this.modelAdapter, resolved, this.loss);
    return { task, options, checkpointing: resolved.checkpointing };
  }

  stepMemory(checkpointing: boolean): Pick<Task<PreparedPreference>, "memory"> {
    const settings = { checkpointing, layers: undefined, loraPlus: null };
    return preferenceTask(this.model, this.modelAdapter, settings, this.loss);
  }

  measuringMemory(examples: readonly PreparedPreference[]): number {
    return preferenceMemory(this.model.model, examples);
  }

  counts(examples: readonly PreparedPreference[]): { tokens: number; targets: number } {
    const sum = (size: (example: PreparedPreference) => number) => examples.reduce((all, one) => all + size(one), 0);
    const targets = ({ answers }: PreparedPreference) => answers.reduce((all, one) => all + one.targets.length, 0);
    return { tokens: sum(tokensOf), targets: sum(targets) };
  }

  async measure(examples: readonly PreparedPreference[], events: MeasureEvents): Promise<Measured> {
    const metrics = await this.measureWith(ADAPTER, examples, events);
    return { loss: metrics.loss, metrics };
  }

  reads({ measured }: TokenizedParts<number>): { baseline: number; finish: number } {
    const tokens = measured.reduce((sum, one) => sum + one, 0);
    return { baseline: tokens, finish: tokens };
  }

  async baseline({ measured }: TokenizedParts<PreparedPreference>): Promise<PreferenceState> {
    if (measured.length === 0) return { base: null };
    const events = phaseEvents(this.context, "encode-validation", measured.length);
    return { base: await this.measureWith(null, measured, events) };
  }

  async finish(
    state: object,
    { measured }: TokenizedParts<PreparedPreference>,
    fitted: FitReport | null,
  ): Promise<RunOutcome> {
    const { base } = state as PreferenceState;
    const evaluation = fitted!.evaluation;
    this.warnUntrained(evaluation?.best.step);
    if (base === null) return { metrics: {}, result: null, curve: { title: "", yardsticks: [] } };
    const events = phaseEvents(this.context, "validate", measured.length);
    const after = await this.measureWith(ADAPTER, measured, events);
    const metrics = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, { value }]));
    return {
      metrics,
      result: { yardsticks: { reference: base }, step: evaluation?.best.step ?? fitted!.steps.length },
      curve: { title: `reward accuracy ${formatPercent(after.rewardAccuracy)}`, yardsticks: [] },
    };
  }

  private measureWith(
    adapter: string | null,
    examples: readonly PreparedPreference[],
    events: MeasureEvents,
  ): Promise<PreferenceMetrics> {
    return measurePreferences(this.model, adapter, examples, this.loss, events);
  }
}
