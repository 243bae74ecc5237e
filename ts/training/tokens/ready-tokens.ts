import type { JobEstimate } from "../estimate/job-estimate.js";
import type { ReadyJob } from "../job-events.js";
import type { TokenSettings } from "../spec/token-settings.js";
import type { Resumed } from "../store/checkpoint-file.js";
import type { PreparedTokens } from "./prepared-tokens.js";
import type { TokenFile } from "./token-dataset.js";

/** Examples of a file as a run takes them. */
export interface TokenPart {
  /** What the file is called. */
  readonly file: string;
  /** Examples that were taken from it: sentences, or texts. */
  readonly examples: number;
  /** Their words that have a label. */
  readonly words: number;
}

/** What a run on labelled words is about to do, once everything is loaded and checked. */
export interface ReadyTokenJob extends Pick<
  ReadyJob,
  "steps" | "evaluateEvery" | "resumedAfter" | "engine" | "model" | "parameters"
> {
  /** The whole spec: what was given, and defaults. */
  readonly settings: TokenSettings;
  /** The data, `split` where a part was taken from what is learnt from. */
  readonly data: {
    readonly train: TokenPart;
    readonly validation: TokenPart & { readonly split: boolean };
    /** What is measured at the end; null where the validation is. */
    readonly test: (TokenPart & { readonly split: boolean }) | null;
    readonly labels: readonly string[];
  };
  /** Time and memory that it will take. */
  readonly estimate: JobEstimate;
}

/** A part, counted. */
const tokenPart = ({ file, examples }: TokenFile): TokenPart => ({
  file,
  examples: examples.length,
  words: examples.reduce((sum, { words }) => sum + words.filter(({ target }) => target >= 0).length, 0),
});

/** What is about to run, as plain data. */
export function readyTokens(prepared: PreparedTokens, resumed: Resumed | null, estimate: JobEstimate): ReadyTokenJob {
  const { settings, steps, evaluateEvery, engine, model, classifier, dataset, parameters } = prepared;
  const { train, validation, test, labels } = dataset;
  const { layers, hiddenSize } = classifier.encoder.model.config;
  const held = (part: typeof validation) => ({ ...tokenPart(part), split: part.split });
  return {
    ...{ settings, steps, evaluateEvery, resumedAfter: resumed?.checkpoint.step ?? null, engine },
    model: { name: model.name, origin: model.origin, layers, hiddenSize },
    data: { train: tokenPart(train), validation: held(validation), test: test === null ? null : held(test), labels },
    ...{ parameters, estimate },
  };
}
