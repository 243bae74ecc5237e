/** Part of the data: what is learnt from, what chooses the best step, what is measured on. */
export type DataPart = "train" | "validation" | "test";

/** An example that a finding is about. */
export interface FoundExample {
  /** The part of the data that it is of. */
  readonly part: DataPart;
  /** Its place in the list of that part, from 0. */
  readonly place: number;
  /** Where it stands in its file, where that is known. */
  readonly line?: number;
  /** The beginning of the text. */
  readonly text: string;
  /** The beginning of its label. */
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

/** Something about the data that its owner should know. */
export interface DataFinding {
  /** "stop": what is trained or measured with it means nothing; "warn": it is doubtful. */
  readonly severity: "stop" | "warn";
  /** What it is about, in one stable word. */
  readonly code: FindingCode;
  /** What was found, and what to do. */
  readonly message: string;
  /** A few of the examples. */
  readonly examples: readonly FoundExample[];
}

/** How numbers are spread (nearest ranks). */
export interface Spread {
  /** The smallest. */
  readonly min: number;
  /** Half are at most this. */
  readonly median: number;
  /** Of ten, nine are at most this. */
  readonly p90: number;
  /** Of a hundred, 99 are at most this. */
  readonly p99: number;
  /** The largest. */
  readonly max: number;
  /** Their mean. */
  readonly mean: number;
}

/** Words of a script, and what the model cuts them into. */
export interface ScriptTokens {
  /** Its name in Unicode; "Kana" for Hiragana and Katakana, "other" for the rarer ones. */
  readonly script: string;
  /** Share of the texts most of whose letters are of it. */
  readonly share: number;
  /** Letters of a token, combining marks not counted: single ones where the model does not know words. */
  readonly lettersPerToken: number;
  /** Share of the tokens that the model does not know. */
  readonly unknown: number;
  /** Whether the model seems to know words of it, or there are too few of them to tell. */
  readonly known: boolean;
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
  /** Scripts of the texts, by a sample of a thousand: the most frequent first. */
  readonly scripts: readonly ScriptTokens[];
}

/** What is known of a part of the data. */
export interface PartSummary {
  /** How many there are. */
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
  /** As it stands in the data. */
  readonly label: string;
  /** Examples of it to learn from. */
  readonly train: number;
  /** Examples of it in what chooses the best step. */
  readonly validation: number;
  /** Examples of it to measure on. */
  readonly test: number;
}

/** What labelled texts are like: plain data. */
export interface DataSummary {
  /** Every label, as `sortLabels` orders them. */
  readonly labels: readonly LabelCount[];
  /** What is learnt from. */
  readonly train: PartSummary;
  /** What chooses the best step, or is measured on where there is no test; null where there is none. */
  readonly validation: PartSummary | null;
  /** What is measured on at the end; null where there is none. */
  readonly test: PartSummary | null;
  /** Labels that differ only in case or white space. */
  readonly similarLabels: readonly (readonly string[])[];
  /** Texts that stand with more than one label. */
  readonly twoLabels: number;
  /** What stops first, then what warns. */
  readonly findings: readonly DataFinding[];
}
