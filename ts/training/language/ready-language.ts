import type { EngineInfo } from "../../engine/running.js";
import type { MemoryNeed } from "../estimate/memory-need.js";
import type { LanguageSettings } from "../spec/language-settings.js";
import type { TokenCount } from "./tokenized.js";

/** Time and memory that a run on a language model will take, told before it begins. */
export interface LanguageEstimate {
  /** Seconds of the steps that are left, of the measurements between them, and the sum; from a few that were timed. */
  readonly seconds: { readonly training: number; readonly validation: number; readonly total: number };
  /** Bytes of linear memory: at most in use, and what there can be. */
  readonly memory: MemoryNeed;
}

/** Examples of a file as a run takes them. */
export interface LanguagePart extends TokenCount {
  /** What the file is called. */
  readonly file: string;
  /** Examples that were taken from it. */
  readonly examples: number;
}

/** What a run on a language model is about to do, once everything is loaded and checked. */
export interface ReadyLanguageJob {
  /** The whole spec: what was given, and defaults. */
  readonly settings: LanguageSettings;
  /** Optimizer steps in all. */
  readonly steps: number;
  /** Steps between two measurements of the validation, of which the best step is kept; null where nothing is held out. */
  readonly evaluateEvery: number | null;
  /** Steps that were done before this call; null where the run begins. */
  readonly resumedAfter: number | null;
  /** What runs. */
  readonly engine: EngineInfo;
  /** The model, and where it was found. */
  readonly model: {
    readonly name: string;
    readonly origin: string;
    readonly layers: number;
    readonly hiddenSize: number;
  };
  /** The data, `split` where the validation was taken from what is learnt from; null where there is none. */
  readonly data: {
    readonly train: LanguagePart;
    readonly validation: (LanguagePart & { readonly split: boolean }) | null;
  };
  /** Numbers that are trained. */
  readonly parameters: { readonly adapter: number };
  /** Whether layers are computed again for their gradients. */
  readonly checkpointing: boolean;
  /** Time and memory that it will take. */
  readonly estimate: LanguageEstimate;
}
