import type { MadeKind } from "../../../io/made-from.js";
import type { ClassName, FunctionName } from "../../calls.js";
import type { Call } from "../../protocol/scope.js";

export type AnyFunction = (...args: unknown[]) => unknown;

/** Functions whose calls come with their code. */
export type FurtherName = "trainRounds";

/** The code of some rows of the table of calls, which comes together. */
export interface Family {
  readonly classes?: { readonly [Name in ClassName]?: object };
  readonly functions?: { readonly [Name in FunctionName | FurtherName]?: AnyFunction };
  /** Calls of further functions, which the table has not. */
  readonly calls?: { readonly [Name in FurtherName]?: Call };
  /** How the worker recreates objects of its page that only these rows take. */
  readonly makers?: { readonly [Kind in MadeKind]?: (from: never) => object };
}

/** Families by name. */
export type FamilyName = "encoders" | "tokens" | "cross" | "language" | "jobs" | "storage";

/** Families that are here, or how each is fetched. */
export type Families = Readonly<Record<FamilyName, Family | (() => Promise<Family>)>>;

/** The family of each class and function of the table. */
export const familyOf: Readonly<Record<ClassName | Exclude<FunctionName, "engineInfo"> | FurtherName, FamilyName>> = {
  SentenceEncoder: "encoders",
  TextClassifier: "encoders",
  predictEach: "encoders",
  TokenClassifier: "tokens",
  TextRegressor: "tokens",
  CrossEncoder: "cross",
  CausalLanguageModel: "language",
  GenerationSession: "language",
  runFolds: "jobs",
  runJob: "jobs",
  runStatus: "jobs",
  trainRounds: "jobs",
  unfinishedSpec: "jobs",
  "opfsStore.discard": "jobs",
  "opfsStore.files": "jobs",
  cacheModel: "storage",
  cachedModel: "storage",
  cachedModels: "storage",
  clearCache: "storage",
};
