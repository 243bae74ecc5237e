/** Part of the data: what is learnt from, what chooses the best step, what is measured on. */
export type DataPart = "train" | "validation" | "test";

/** An example that a finding is about. */
export interface FoundExample {
  readonly part: DataPart;
  /** Its place in the list of that part, from 0. */
  readonly place: number;
  /** Where it stands in its file, where that is known. */
  readonly line?: number;
  /** The beginning of the text. */
  readonly text: string;
  readonly label: string;
}

/** What a finding is about; `--allow` and `allow` take these. */
export type FindingCode =
  | "no-examples"
  | "no-texts"
  | "one-label"
  | "id-labels"
  | "same-file"
  | "test-in-training"
  | "unseen-labels"
  | "empty-texts"
  | "similar-labels"
  | "score-labels"
  | "few-examples"
  | "unmeasured-labels"
  | "two-labels"
  | "duplicates"
  | "near-duplicates"
  | "overlap"
  | "near-overlap"
  | "cut-texts"
  | "unknown-tokens";

/** Something about the data that its owner should know. */
export interface DataFinding {
  /** "stop": what is trained or measured with it means nothing; "warn": it is doubtful. */
  readonly severity: "stop" | "warn";
  readonly code: FindingCode;
  /** What was found, and what to do. */
  readonly message: string;
  /** A few of the examples. */
  readonly examples: readonly FoundExample[];
}

/** How numbers are spread: the smallest, those that half, 90 % and 99 % reach at most, the largest, the mean. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** Lengths in tokens, the special ones included, before texts are cut. */
export interface TokenLengths extends Spread {
  /** Texts that were tokenized: all, or of many an even sample. */
  readonly texts: number;
  /** Tokens that texts are cut to. */
  readonly maxTokens: number;
  /** Share of the texts that are longer than that. */
  readonly cut: number;
  /** Share of the tokens that the model does not know. */
  readonly unknown: number;
}

/** What is known of a part of the data. */
export interface PartSummary {
  readonly examples: number;
  /** Texts that are empty. */
  readonly empty: number;
  /** Texts that repeat an earlier one of this part, apart from case and white space. */
  readonly duplicates: number;
  /** Texts that are nearly the same as an earlier one of this part, those that repeat one not counted. */
  readonly nearDuplicates: number;
  /** Lengths in characters. */
  readonly characters: Spread;
  /** Null where there is no tokenizer. */
  readonly tokens: TokenLengths | null;
  /** Of a part that is not learnt from: texts that stand in the training data too, and those that nearly do. Else null. */
  readonly inTraining: { readonly same: number; readonly near: number } | null;
}

/** A label and how often it stands in each part. */
export interface LabelCount {
  readonly label: string;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** What labelled texts are like: plain data. */
export interface DataSummary {
  /** Every label, as `sortLabels` orders them. */
  readonly labels: readonly LabelCount[];
  readonly train: PartSummary;
  readonly validation: PartSummary | null;
  readonly test: PartSummary | null;
  /** Labels that differ only in case or white space. */
  readonly similarLabels: readonly (readonly string[])[];
  /** Texts that stand with more than one label. */
  readonly twoLabels: number;
  /** What stops first, then what warns. */
  readonly findings: readonly DataFinding[];
}
