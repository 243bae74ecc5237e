import type { EngineInfo } from "../../engine/running.js";
import type { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import type { TrainingTokens } from "../../models/language/training/training-examples.js";
import type { FitOptions } from "../../train/fit-options.js";
import type { Task } from "../../train/task.js";
import type { MemoryNeed } from "../estimate/memory-need.js";
import type { JobModel } from "../sources/job-sources.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import type { LanguageData } from "./held-out-texts.js";

/** The name of the adapter while it is trained. */
export const ADAPTER = "default";

/** Everything of a run on a language model that is ready before its first step. */
export interface PreparedLanguage extends LanguageData {
  readonly settings: LanguageSettings;
  readonly steps: number;
  /** Steps between two measurements; null where nothing is held out. */
  readonly evaluateEvery: number | null;
  readonly engine: EngineInfo;
  readonly source: JobModel;
  readonly modelHash: string;
  readonly model: CausalLanguageModel;
  readonly task: Task<TrainingTokens>;
  readonly checkpointing: boolean;
  /** How `fit` trains. */
  readonly fitting: FitOptions;
  readonly learnt: readonly TrainingTokens[];
  readonly held: readonly TrainingTokens[];
  readonly parameters: { readonly adapter: number };
  readonly memory: MemoryNeed;
  /** What the runtime says of the machine. */
  readonly machine: Readonly<Record<string, string>>;
}
