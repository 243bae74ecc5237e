import { oneOf, share, unexpected, whole } from "../../arguments/settings.js";
import type { Baseline } from "../result/baseline.js";
import { checkMetrics, checkPredictions, objectAt } from "./metrics-check.js";
import { checkAnySettings, isLanguage, isTokens } from "../spec/any-settings.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import type { TokenSettings } from "../spec/token-settings.js";
import { checkTokenBaseline } from "../tokens/baseline-check.js";
import type { TokenBaseline } from "../tokens/token-report.js";
import type { TrainingSettings } from "../spec/training-settings.js";

/** What every checkpoint keeps beside the state of training: what it was made with. */
export interface RunOrigin {
  /** SHA-256 of the model's weights and of the files of examples. */
  readonly modelHash: string;
  readonly trainHash: string;
  readonly validationHash: string;
  /** Null where the result is measured on the validation. */
  readonly testHash: string | null;
  readonly build: string;
  readonly threads: number;
}

/** What a classifier's keeps too: what was measured before. */
export interface ClassifierRun extends RunOrigin {
  readonly settings: TrainingSettings;
  readonly baseline: Baseline;
  /** Class that the head alone gives each example that the result is measured on; null where it was not fitted. */
  readonly headPredictions: readonly number[] | null;
}

/** A language model's: its first measurement is among those of training. */
export interface LanguageRun extends RunOrigin {
  readonly settings: LanguageSettings;
}

/** One's on labelled words. */
export interface TokenRun extends RunOrigin {
  readonly settings: TokenSettings;
  readonly baseline: TokenBaseline;
}

/** What a checkpoint keeps of its run. */
export type RunState = ClassifierRun | TokenRun | LanguageRun;

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's state. `what` begins the message. */
export function checkRunState(what: string, value: unknown): asserts value is RunState {
  const run = objectAt(what, "run", value);
  const { settings } = run;
  checkAnySettings(what, settings);
  for (const name of ["modelHash", "trainHash", "validationHash", "testHash"])
    if (name !== "testHash" || run[name] !== null) checkHash(what, `run.${name}`, run[name]);
  oneOf(what, "run.build", run["build"], ["simd", "relaxed"]);
  whole(what, "run.threads", run["threads"], 1);
  if (isLanguage(settings)) return;
  if (isTokens(settings)) return checkTokenBaseline(what, "run.baseline", run["baseline"]);
  const baseline = objectAt(what, "run.baseline", run["baseline"]);
  share(what, "run.baseline.largestClass", baseline["largestClass"]);
  checkMetrics(what, "run.baseline.before", baseline["before"]);
  const { headOnly } = baseline;
  if (headOnly !== null) checkMetrics(what, "run.baseline.headOnly", headOnly);
  checkPredictions(what, "run.headPredictions", run["headPredictions"], headOnly);
}

/** Throws `ConfigError` unless a value is a SHA-256. */
export function checkHash(what: string, place: string, value: unknown): asserts value is string {
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return;
  throw unexpected(what, place, "a SHA-256 in hexadecimal", value);
}
