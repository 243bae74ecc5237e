import { callable, listFrom, unexpected, whole } from "../../../arguments/settings.js";
import { checkOptions } from "../../../arguments/options.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { checkSignal } from "../../../waiting/abort.js";
import type { DataPart, DataSummary } from "./data-summary.js";
import type { ExampleColumns } from "../read.js";
import type { Column } from "../row.js";
import type { Parts, SurveyExample } from "./survey.js";
import type { TokenCounter } from "./script-tokens.js";

/** Options of `summariseExamples`. */
export interface SummaryOptions {
  /** Validation examples, which choose the best step, or are measured without a `test`. */
  readonly validation?: readonly SurveyExample[];
  /** Test examples. */
  readonly test?: readonly SurveyExample[];
  /** Counts tokens: an encoder's `tokenizer`. Without one, lengths are only in characters. */
  readonly tokenizer?: TokenCounter;
  /** The examples' columns, from `readExamples`: detects texts that are half of a pair, and labels that are scores. */
  readonly columns?: ExampleColumns;
  /** Length in tokens to which texts will be truncated; default: the tokenizer's. */
  readonly maxTokens?: number;
  /** Cancels within some milliseconds: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal;
  /** Called with the number of texts done; each counts twice if there is a tokenizer. */
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
  return there.map(([part, list]) => [
    part,
    listFrom(`${WHAT}: ${part} is a list of { text, label }`, list, (example, place) => taken(part, example, place)),
  ]);
}

function taken(part: DataPart, example: unknown, place: number): SurveyExample {
  const { text, label, line, group } = (example as Partial<SurveyExample> | null | undefined) ?? {};
  if (typeof text === "string" && typeof label === "string")
    return { text, label, ...(typeof line === "number" && { line }), ...(typeof group === "string" && { group }) };
  throw new ConfigError(
    `${WHAT}: example ${place} of ${part} is { text, label } of two strings, got ${excerpt(example)}`,
    {
      op: WHAT,
      option: part,
      value: example,
      place,
    },
  );
}

function takeCounter(tokenizer: TokenCounter | undefined): TokenCounter | null {
  if (tokenizer === undefined) return null;
  if (typeof (tokenizer as TokenCounter | null)?.measure === "function") return tokenizer;
  throw unexpected(WHAT, "tokenizer", "an encoder's tokenizer, { maxTokens, measure }", tokenizer);
}

function takeColumns(columns: ExampleColumns): ExampleColumns {
  const { text, label, pairedWith } = Object(columns) as Partial<Record<keyof ExampleColumns, unknown>>;
  const isColumn = (value: unknown): value is Column => typeof value === "string" || typeof value === "number";
  if (isColumn(text) && isColumn(label) && (pairedWith === null || typeof pairedWith === "string"))
    return { text, label, pairedWith };
  throw unexpected(WHAT, "columns", "the columns of readExamples, { text, label, pairedWith }", columns);
}

/**
 * Summarises labelled texts before training: examples by label, lengths and the share that is truncated, texts that repeat, nearly repeat
 * or contradict each other, within the training data and between it and the other splits, labels that are probably the same, unknown
 * tokens. `findings` lists what makes a result meaningless or doubtful.
 *
 * Time and memory are in proportion to the texts. Near duplicates are found by MinHash (Broder 1997) of the first 4,000 characters: nearly
 * all texts that share 80 % of their five-letter shingles, 90 % for texts of less than about twenty words.
 *
 * @param examples training examples; with `line`, findings include it
 * @throws `ConfigError` for invalid options or examples; rejects with `AbortError` when cancelled
 * @example
 * const { findings } = await summariseExamples(examples, { test, tokenizer: encoder.tokenizer });
 */
export async function summariseExamples(
  examples: readonly SurveyExample[],
  options: SummaryOptions = {},
): Promise<DataSummary> {
  checkOptions(WHAT, options, ["validation", "test", "tokenizer", "columns", "maxTokens", "signal", "onProgress"]);
  const { tokenizer, columns, maxTokens, signal, onProgress } = options;
  checkSignal(WHAT, signal);
  if (onProgress !== undefined) callable(WHAT, "onProgress", onProgress);
  if (maxTokens !== undefined) whole(WHAT, "maxTokens", maxTokens, 1);
  const counter = takeCounter(tokenizer);
  const from = columns === undefined ? undefined : takeColumns(columns);
  const parts = takeParts(examples, options);
  // Loaded on demand.
  const { measureTokens, summaryOf, surveyTexts } = await import("./measure.js");
  const surveyed = await surveyTexts(parts, signal, onProgress, counter === null ? 1 : 2);
  const lengths = counter === null ? [] : await measureTokens(parts, counter, maxTokens, signal, onProgress);
  return summaryOf(parts, surveyed, lengths, from);
}
