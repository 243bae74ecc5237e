import type { FileMap } from "../../io/file-access.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { type PreparedPreference, preparePreference } from "../../models/language/training/preference-examples.js";
import type { PreferenceLoss } from "../../models/language/training/preference-losses.js";
import { measurePreferences, preferenceMemory } from "../../models/language/training/preference-metrics.js";
import { preferenceTask, tokensOf } from "../../models/language/training/preference-task.js";
import type { FitOptions, FitReport } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import { inPlace } from "../../training/data/drawn.js";
import { phaseEvents } from "../../training/phase.js";
import { formatPercent, type RunOutcome } from "../../training/result/report.js";
import type {
  Measured,
  MeasureEvents,
  RunContext,
  TaskModel,
  TaskTraining,
  TokenizedParts,
} from "../../training/task-definition.js";
import { ADAPTER, LanguageAdapterModel } from "../language/adapter-model.js";
import type { PreferenceMetrics } from "./preference-report.js";
import type { LocatedPreference } from "./read-preferences.js";
import type { PreferenceSettings } from "./settings.js";

/** Kept in checkpoints: the base model's measurement; null if nothing is held out. */
interface PreferenceState {
  readonly base: PreferenceMetrics | null;
}

/** A language model with an adapter in training on preferences. */
export class PreferenceTaskModel
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
