import { nonNegative, share, unexpected, whole } from "../../arguments/settings.js";
import { checkTokenFields, type TokenFields } from "../../io/examples/tokens/located-tokens.js";
import { isJsonObject } from "../../io/json.js";
import type { EntityCounts } from "../../train/metrics/entities.js";
import type { Difference } from "../../train/metrics/paired-difference.js";
import type { TaskReport } from "../../training/report.js";
import {
  among,
  type Check,
  field,
  type RecipeName,
  requiredField,
  textsByName,
  type ValuesOf,
} from "../../training/spec/field.js";
import { objectAt } from "../../training/store/run-state.js";
import { classifierFields } from "../classify/settings.js";
import type { Recommendation } from "../head/head-comparison.js";
import type { TokenMetrics } from "./token-spans.js";

const columns: Check<TokenFields> = (what, name, value) => {
  const fields = textsByName(what, name, value);
  checkTokenFields(what, fields);
  return fields;
};

/** Settings of a run on labelled words. */
export const tokenFields = {
  ...classifierFields,
  /** Defaults of omitted settings, and where training starts, as for texts. */
  recipe: field<RecipeName>(among(["default", "peft"]), "default"),
  /** Words are labelled. */
  task: requiredField(among(["tokens"])),
  /**
   * Names of fields in the data, by their standard names: `tokens` and `tags` (for CoNLL columns, numbers from 0), `text` and `spans`, in
   * tables also `sentence`.
   */
  fields: field(columns, {}),
};

/**
 * Everything that the result of a run on labelled words depends on, except the files it names. Shared settings are as for a text
 * classifier; class weights count words, and examples are sentences, or texts with entities.
 */
export type TokenSettings = ValuesOf<typeof tokenFields>;

/** A run on labelled words as plain data. All fields except `task` and `data` have defaults. */
export type TokenJobSpec = Pick<TokenSettings, "task" | "data"> & Partial<TokenSettings>;

/** The baselines for head and adapter. */
export interface TokenBaseline {
  /** Majority-class baseline: accuracy of always predicting the most frequent label of the training words. */
  readonly largestClass: number;
  /**
   * Head-only baseline: logistic regression on the vectors of the frozen encoder, fitted to convergence, its regularisation chosen on whole
   * texts. It is also fitted to the examples held out to choose a step. Null if switched off.
   */
  readonly headOnly: TokenMetrics | null;
  /** Entities that it finds in each measured example. */
  readonly headEntities: readonly EntityCounts[] | null;
  /** Number of words that it was fitted to; for large data as many as memory allows. */
  readonly headWords: number;
}

/** Results on the test examples: head-only baseline, and after training. */
export interface TokenResult extends Omit<TokenBaseline, "headEntities"> {
  /** Metrics after training. */
  readonly after: TokenMetrics;
  /** Difference in entity F1 to the head-only baseline, with a 95 % interval; null if the baseline was not fitted, or is the result. */
  readonly overHeadAlone: Difference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
  /** Which examples the result is measured on. On a validation that also chose the step, the result is optimistic. */
  readonly measuredOn: "test" | "validation";
}

/** The report of a run on labelled words: report.json. */
export type TokenReport = TaskReport<TokenSettings, TokenResult>;

/** The result of a finished run on labelled words. */
export interface TokenJobResult {
  /** The report: report.json. */
  readonly report: TokenReport;
}

/** Throws `ConfigError`, naming the field, unless a value from a file is the baseline of a run on labelled words. */
export function checkTokenBaseline(what: string, place: string, value: unknown): void {
  const { largestClass, headOnly, headEntities, headWords } = objectAt(what, place, value);
  share(what, `${place}.largestClass`, largestClass);
  whole(what, `${place}.headWords`, headWords);
  if (headOnly === null && headEntities === null) return;
  const metrics = objectAt(what, `${place}.headOnly`, headOnly);
  for (const name of ["precision", "recall", "f1", "accuracy"]) share(what, `${place}.headOnly.${name}`, metrics[name]);
  nonNegative(what, `${place}.headOnly.loss`, metrics["loss"]);
  for (const name of ["count", "cut"]) whole(what, `${place}.headOnly.${name}`, metrics[name]);
  const counts = Array.isArray(headEntities) ? (headEntities as unknown[]) : null;
  if (!Array.isArray(metrics["perEntity"]) || counts === null || !counts.every(areCounts))
    throw unexpected(what, `${place}.headEntities`, "counts of entities for each example", headEntities);
}

function areCounts(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const { right, support, predicted } = value;
  const numbers = [right, support, predicted].every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
  return numbers && (right as number) <= (support as number) && (right as number) <= (predicted as number);
}
