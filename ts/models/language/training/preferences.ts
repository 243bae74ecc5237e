import { check, listFrom, nonNegative, oneOf, positive, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { fit } from "../../../train/fit.js";
import { type EvaluateEvery, FIT_OPTIONS, type FitOptions, type FitReport } from "../../../train/fit-options.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { refuseOnGpu } from "../../load-model.js";
import { adapterOf, type TrainingParts } from "./fit-language.js";
import { evaluateOn, type LanguageTrainingOptions, readFitOptions, settingsOf } from "./language-training.js";
import {
  checkExchangeable,
  type LabelledAnswer,
  otherAnswers,
  type Preference,
  preferenceReader,
  type PreparedPreference,
  preparePreference,
} from "./preference-rows.js";
import { type PreferenceLoss, type PreferenceLossName, preferenceLosses } from "./preference-losses.js";
import { measurePreferences, preferenceTask, tokensOf } from "./preference-task.js";

/** The loss of preferences, and its constants by TRL's names. */
export interface PreferenceLossOptions {
  /**
   * "dpo" (default): direct preference optimisation. "ipo": its squared form. "orpo": the chosen answer's cross entropy and its odds.
   * "simpo": mean log probabilities with a margin. "kto": single answers with a label, `{ prompt, completion, label }`.
   */
  readonly loss?: PreferenceLossName;
  /**
   * "dpo", "ipo" and "kto": strength of the penalty for deviating from the base model; large values allow small changes. "orpo": weight of
   * the odds. "simpo": scale of the rewards. Default 0.1, for "simpo" 2.
   */
  readonly beta?: number;
  /** "dpo", "simpo": share of pairs assumed to be the wrong way round, below 0.5; default 0. */
  readonly labelSmoothing?: number;
  /** "simpo": margin between the rewards; default 0.5. */
  readonly simpoGamma?: number;
  /** "kto": weight of answers with label true; default 1. */
  readonly desirableWeight?: number;
  /** "kto": weight of answers with label false; default 1. */
  readonly undesirableWeight?: number;
}

/** Options of `CausalLanguageModel.fitPreferences`. */
export interface PreferenceFitOptions extends LanguageTrainingOptions, PreferenceLossOptions {
  /** Most tokens of each answer with its prompt; see `LanguageFitOptions.maxTokens`. */
  readonly maxTokens?: number;
  /** Preferences that are not trained on: their reward accuracy is measured, and the parameters with the highest are kept. */
  readonly validation?: readonly (Preference | LabelledAnswer)[];
  /**
   * When to measure; see `FitOptions.evaluate`. With `validation`, `measure` is its reward accuracy, `better` defaults to "higher" and `every`
   * to a tenth of the steps.
   */
  readonly evaluate?: Partial<EvaluateEvery>;
}

const belowHalf = check<number>(
  "a number from 0 to below 0.5",
  (value) => typeof value === "number" && value >= 0 && value < 0.5,
);

/** The losses that have a constant. */
const losses = {
  labelSmoothing: ["dpo", "simpo"],
  simpoGamma: ["simpo"],
  desirableWeight: ["kto"],
  undesirableWeight: ["kto"],
} as const satisfies Readonly<Partial<Record<keyof PreferenceLossOptions, readonly PreferenceLossName[]>>>;

const LOSS_OPTIONS = ["loss", "beta", ...(Object.keys(losses) as (keyof typeof losses)[])] as const;

/**
 * The loss with its defaults. Throws `ConfigError` for invalid constants, and for those that the loss does not have.
 * @param nameOf the caller's name of an option, for the message
 */
export function takePreferenceLoss(
  what: string,
  options: PreferenceLossOptions,
  nameOf: (option: keyof PreferenceLossOptions) => string = (option) => option,
): PreferenceLoss {
  const name = oneOf(what, "loss", options.loss ?? "dpo", preferenceLosses);
  for (const [option, known] of Object.entries(losses) as [keyof typeof losses, readonly PreferenceLossName[]][])
    if (options[option] !== undefined && !known.includes(name))
      throw new ConfigError(
        `${what}: ${nameOf(option)} has no effect with the loss "${name}": omit it, or choose ${known.map((one) => `"${one}"`).join(" or ")}`,
        { op: what, option, value: options[option] },
      );
  const {
    beta = name === "simpo" ? 2 : 0.1,
    labelSmoothing = 0,
    simpoGamma = 0.5,
    desirableWeight = 1,
    undesirableWeight = 1,
  } = options;
  return {
    name,
    beta: positive(what, "beta", beta),
    labelSmoothing: belowHalf(what, "labelSmoothing", labelSmoothing),
    simpoGamma: nonNegative(what, "simpoGamma", simpoGamma),
    desirableWeight: nonNegative(what, "desirableWeight", desirableWeight),
    undesirableWeight: nonNegative(what, "undesirableWeight", undesirableWeight),
  };
}

/** What `CausalLanguageModel.fitPreferences` does. */
export async function fitPreferences(
  parts: TrainingParts,
  examples: readonly (Preference | LabelledAnswer)[],
  options: PreferenceFitOptions,
): Promise<FitReport> {
  const what = "fitPreferences";
  const given = readFitOptions(what, options, [...LOSS_OPTIONS, "maxTokens", "validation"]);
  const { maxTokens, validation, adapter, layers, loraPlusRatio, checkpointing } = given;
  const fitting = Object.entries(given).filter(([name]) => FIT_OPTIONS.includes(name as keyof FitOptions));
  const { evaluate, ...rest } = Object.fromEntries(fitting) as Omit<FitOptions, "evaluate"> &
    Pick<PreferenceFitOptions, "evaluate">;
  refuseOnGpu(what, parts.graph, "losses of preferences do");
  const loss = takePreferenceLoss(what, given);
  if (maxTokens !== undefined) whole(what, "maxTokens", maxTokens, 2);
  const own = adapterOf(what, parts, adapter);
  const taken = takePreferences(what, parts, examples, loss, maxTokens);
  const heldOut =
    validation === undefined ? null : takePreferences(`${what}: validation`, parts, validation, loss, maxTokens);
  const measure =
    heldOut === null
      ? null
      : async () => (await measurePreferences(parts, own.name, heldOut, loss, { signal: rest.signal })).rewardAccuracy;
  const watched = evaluateOn(what, evaluate, taken.length, rest, measure, "higher");
  const settings = settingsOf(
    parts,
    { adapter, layers, loraPlusRatio, checkpointing },
    rest,
    taken.map(tokensOf),
    stepOfAdapter(parts.model, own.config),
  );
  const training = watched === undefined ? rest : { ...rest, evaluate: watched };
  return fit(preferenceTask(parts, own, settings, loss), taken, training);
}

/** Copies of examples. Throws `ConfigError`, naming the example, for one that is invalid, and if there are too few. */
function takePreferences(
  what: string,
  parts: TrainingParts,
  examples: readonly (Preference | LabelledAnswer)[],
  { name }: PreferenceLoss,
  maxTokens: number | undefined,
): PreparedPreference[] {
  const labelled = name === "kto";
  const read = preferenceReader(what, labelled);
  const rows = listFrom(`${what}: a list of { prompt, chosen, rejected } is expected`, examples, (example, place) =>
    read(example, place).map((one) => ({ one, place })),
  ).flat();
  if (rows.length === 0)
    throw new ConfigError(`${what}: expected training examples, got an empty list`, {
      op: what,
      option: "examples",
      length: 0,
    });
  if (labelled) checkExchangeable(what, rows.length);
  const others = otherAnswers(rows.map(({ one }) => one));
  return rows.map(({ one, place }, i) => preparePreference(what, place, parts, one, others[i]!, maxTokens));
}
