/** A split of the data: "train", "validation" (chooses the best step), "test". */
export type DataPart = "train" | "validation" | "test";

/** An example in a finding. */
export interface FoundExample {
  /** Split of the text. */
  readonly part: DataPart;
  /** Index in that split, from 0. */
  readonly place: number;
  /** Line in the file, if known. */
  readonly line?: number;
  /** The beginning of its text. */
  readonly text: string;
  /** The beginning of its label. */
  readonly label: string;
}

/** The subject of a finding; `--allow` and `allow` accept these. */
export type FindingCode =
  | "no-examples"
  | "no-texts"
  | "one-label"
  | "id-labels"
  | "same-file"
  | "test-in-training"
  | "unseen-labels"
  | "empty-texts"
  | "number-texts"
  | "similar-labels"
  | "score-labels"
  | "joined-labels"
  | "half-pairs"
  | "few-examples"
  | "small-test"
  | "unmeasured-labels"
  | "two-labels"
  | "duplicates"
  | "near-duplicates"
  | "overlap"
  | "near-overlap"
  | "test-in-validation"
  | "shared-groups"
  | "cut-texts"
  | "unknown-tokens"
  | "unknown-language";

/** A possible problem of the data. */
export interface DataFinding {
  /** "stop": results with these data would be meaningless; "warn": they are doubtful. */
  readonly severity: "stop" | "warn";
  /** Subject of the finding, as a stable word. */
  readonly code: FindingCode;
  /** The message: what was found, and what to do. */
  readonly message: string;
  /** Some of the examples. */
  readonly examples: readonly FoundExample[];
}

/** A distribution of numbers (nearest ranks). */
export interface Spread {
  /** The smallest. */
  readonly min: number;
  /** The median. */
  readonly median: number;
  /** The 90th percentile. */
  readonly p90: number;
  /** The 99th percentile. */
  readonly p99: number;
  /** The largest. */
  readonly max: number;
  /** Mean of the lengths. */
  readonly mean: number;
}

/** Words of a script, and how the model tokenizes them. */
export interface ScriptTokens {
  /** Name in Unicode; "Kana" for Hiragana and Katakana, "other" for rarer ones. */
  readonly script: string;
  /** Share of the texts with most letters in it. */
  readonly share: number;
  /** Letters for each token, without combining marks; close to 1 if the model does not know the words. */
  readonly lettersPerToken: number;
  /** Share of unknown tokens. */
  readonly unknown: number;
  /** Whether the model seems to know its words, or there are too few to tell. */
  readonly known: boolean;
}

/** Lengths in tokens, including special ones, before truncation. */
export interface TokenLengths extends Spread {
  /** Number of tokenized texts: all, or an even sample of many. */
  readonly texts: number;
  /** Length to which texts are truncated. */
  readonly maxTokens: number;
  /** Share of the longer texts. */
  readonly cut: number;
  /** Share of unknown tokens. */
  readonly unknown: number;
  /** Scripts of the texts in a sample of a thousand, the most frequent first. */
  readonly scripts: readonly ScriptTokens[];
}

/** A summary of a split. */
export interface PartSummary {
  /** Number of examples. */
  readonly examples: number;
  /** Number of empty texts. */
  readonly empty: number;
  /** Number of texts that repeat an earlier one of this split, apart from case and white space. */
  readonly duplicates: number;
  /** Number of near duplicates of an earlier text of this split, without repeats. */
  readonly nearDuplicates: number;
  /** Lengths in characters. */
  readonly characters: Spread;
  /** Null without a tokenizer. */
  readonly tokens: TokenLengths | null;
  /**
   * Except for the training split: number of texts that are also in the training data, and of near duplicates of these. Null for the
   * training split.
   */
  readonly inTraining: { readonly same: number; readonly near: number } | null;
}

/** A label and how often it occurs in each split. */
export interface LabelCount {
  /** The label. */
  readonly label: string;
  /** Number of training examples. */
  readonly train: number;
  /** Number of validation examples. */
  readonly validation: number;
  /** Number of test examples. */
  readonly test: number;
}

/** A summary of labelled texts; plain data. */
export interface DataSummary {
  /** Every label, as `sortLabels` orders them. */
  readonly labels: readonly LabelCount[];
  /** The training split. */
  readonly train: PartSummary;
  /** The split that chooses the best step, or, without a test split, is measured; null if there is none. */
  readonly validation: PartSummary | null;
  /** The split that is measured at the end; null if there is none. */
  readonly test: PartSummary | null;
  /** Labels that differ only in case or white space. */
  readonly similarLabels: readonly (readonly string[])[];
  /** Texts with more than one label. */
  readonly twoLabels: number;
  /** Findings that stop a training first, then warnings. */
  readonly findings: readonly DataFinding[];
}

/** Distribution of numbers (nearest ranks); zeros for an empty list. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  const mean = sum / Math.max(1, sorted.length);
  return { min: at(0), median: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1), mean };
}
