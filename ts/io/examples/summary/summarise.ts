import { listFrom } from "../../../arguments/collections.js";
import { checkOptions } from "../../../arguments/options.js";
import { callable, unexpected, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { checkSignal } from "../../../waiting/abort.js";
import type { DataPart, DataSummary } from "./data-summary.js";
import type { ExampleColumns } from "../read.js";
import type { Column } from "../table/columns.js";
import type { Parts, SurveyExample } from "./survey.js";
import type { TokenCounter } from "./token-lengths.js";

/** How `summariseExamples` looks at examples. */
export interface SummaryOptions {
  /** Examples that choose the best step, or that are measured on where there is no `test`. */
  readonly validation?: readonly SurveyExample[];
  /** Examples to measure on at the end. */
  readonly test?: readonly SurveyExample[];
  /** Counts tokens: an encoder's `tokenizer`. Without one, lengths are in characters alone. */
  readonly tokenizer?: TokenCounter;
  /** Where the examples stood, as `readExamples` says: tells of texts that are half of a pair, and of labels that are scores. */
  readonly columns?: ExampleColumns;
  /** Tokens that texts will be cut to; default the tokenizer's. */
  readonly maxTokens?: number;
  /** Cancels within some milliseconds: the call then rejects with `AbortError`. */
  readonly signal?: AbortSignal;
  /** Called as texts are done, each twice where there is a tokenizer. */
  readonly onProgress?: (done: number, total: number) => void;
}

const WHAT = "summariseExamples";

function takeParts(examples: readonly SurveyExample[], { validation, test }: SummaryOptions): Parts {
  const given: readonly [DataPart, readonly SurveyExample[] | undefined][] = [
    ["train", examples],
    ["validation", validation],
    ["test", test],
  ];
  const there = given.filter(([part, list]) => part === "train" || list !== undefined);
  return there.map(([part, list]) => [part, listFrom(`${WHAT}: ${part} is a list of { text, label }`, list, (example, place) => taken(part, example, place))]);
}

function taken(part: DataPart, example: unknown, place: number): SurveyExample {
  const { text, label, line, group } = (example as Partial<SurveyExample> | null | undefined) ?? {};
  if (typeof text === "string" && typeof label === "string") return { text, label, ...(typeof line === "number" && { line }), ...(typeof group === "string" && { group }) };
  throw new ConfigError(`${WHAT}: example ${place} of ${part} is { text, label } of two strings, got ${excerpt(example)}`, {
    op: WHAT,
    option: part,
    value: example,
    place,
  });
}

function takeCounter(tokenizer: TokenCounter | undefined): TokenCounter | null {
  if (tokenizer === undefined) return null;
  if (typeof (tokenizer as TokenCounter | null)?.measure === "function") return tokenizer;
  throw unexpected(WHAT, "tokenizer", "an encoder's tokenizer, { maxTokens, measure }", tokenizer);
}

function takeColumns(columns: ExampleColumns): ExampleColumns {
  const { text, label, pairedWith } = Object(columns) as Partial<Record<keyof ExampleColumns, unknown>>;
  const isColumn = (value: unknown): value is Column => typeof value === "string" || typeof value === "number";
  if (isColumn(text) && isColumn(label) && (pairedWith === null || typeof pairedWith === "string")) return { text, label, pairedWith };
  throw unexpected(WHAT, "columns", "what readExamples gives, { text, label, pairedWith }", columns);
}

/**
 * What labelled texts are like, before anything is trained with them: examples by label, lengths and the share that is cut, texts
 * that repeat, nearly repeat or contradict each other, within the training data and between it and what is measured on, labels that
 * are likely one, tokens that the model does not know. `findings` say what makes a result meaningless and what is doubtful.
 *
 * Time and memory grow with the texts, not faster. Near duplicates are found by MinHash (Broder 1997) of the first 4,000 characters:
 * nearly all of those that have 80 % of their five-letter shingles in common, of texts of less than some twenty words 90 %.
 *
 * @param examples what is learnt from; with `line`, findings say where they stand
 * @throws `ConfigError` for options or examples that make no sense; rejects with `AbortError` when cancelled
 * @example
 * const { findings } = await summariseExamples(examples, { test, tokenizer: encoder.tokenizer });
 */
export async function summariseExamples(examples: readonly SurveyExample[], options: SummaryOptions = {}): Promise<DataSummary> {
  checkOptions(WHAT, options, ["validation", "test", "tokenizer", "columns", "maxTokens", "signal", "onProgress"]);
  const { tokenizer, columns, maxTokens, signal, onProgress } = options;
  checkSignal(WHAT, signal);
  if (onProgress !== undefined) callable(WHAT, "onProgress", onProgress);
  if (maxTokens !== undefined) whole(WHAT, "maxTokens", maxTokens, 1);
  const counter = takeCounter(tokenizer);
  const from = columns === undefined ? undefined : takeColumns(columns);
  const parts = takeParts(examples, options);
  // Fetched when it is used.
  const { measureTokens, summaryOf, surveyTexts } = await import("./measure.js");
  const surveyed = await surveyTexts(parts, signal, onProgress, counter === null ? 1 : 2);
  const lengths = counter === null ? [] : await measureTokens(parts, counter, maxTokens, signal, onProgress);
  return summaryOf(parts, surveyed, lengths, from);
}
