import type { EngineInfo } from "../../engine/running.js";
import type { TokenClassifier } from "../../tasks/tokens/token-classifier.js";
import type { TokenTargets } from "../../tasks/tokens/token-training.js";
import type { ClassifierTraining } from "../../tasks/classifier-training.js";
import type { MemoryNeed } from "../estimate/memory-need.js";
import type { JobModel } from "../sources/job-sources.js";
import type { TokenSettings } from "../spec/token-settings.js";
import type { TokenDataset } from "./token-dataset.js";

/** Everything of a run on labelled words that is ready before its first step. */
export interface PreparedTokens {
  readonly settings: TokenSettings;
  readonly steps: number;
  /** Steps between two measurements of the validation; null where the last step is kept. */
  readonly evaluateEvery: number | null;
  readonly engine: EngineInfo;
  readonly model: JobModel;
  readonly modelHash: string;
  readonly dataset: TokenDataset;
  readonly classifier: TokenClassifier;
  readonly training: ClassifierTraining<TokenTargets>;
  readonly learnt: readonly TokenTargets[];
  /** What the head alone learns from beside those. */
  readonly spare: readonly TokenTargets[];
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly tokens: {
    /** Of each step, in their order; of the first ones of a long run. */
    readonly steps: readonly number[];
    readonly train: number;
    readonly validation: number;
    readonly measured: number;
  };
  readonly batchAt: (step: number) => readonly TokenTargets[];
  readonly memory: MemoryNeed;
  /** What the runtime says of the machine. */
  readonly machine: Readonly<Record<string, string>>;
}
