import { checkRecord, listFrom } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { CrossEncoderLossName, CrossEncoderLossOptions } from "../../train/losses/cross-encoder-loss.js";
import type { ClassifierFitOptions } from "../head/classifier-training.js";

/** Two texts and a label: 1 and 0, a score, or the class of the pair by its name or number. */
export interface PairExample {
  /** The first text. */
  readonly query: string;
  /** The second text. */
  readonly text: string;
  /** Label; for "binary-cross-entropy" a number from 0 to 1. */
  readonly label: number | string;
}

/** A query and texts, each with a grade: the higher, the better it fits. */
export interface ListExample {
  /** The query. */
  readonly query: string;
  /** The texts to order. */
  readonly texts: readonly string[];
  /** A grade for each text. */
  readonly labels: readonly number[];
}

/** A query, a text that fits, and texts that do not. */
export interface PositiveExample {
  /** The query. */
  readonly query: string;
  /** A text that fits. */
  readonly positive: string;
  /** Texts that do not; all examples have as many. Default: none. */
  readonly negatives?: readonly string[];
  /** Scores of "margin-mse": the teacher's difference for each negative, or its scores of the positive and each negative. */
  readonly scores?: readonly number[];
}

/** An example to train a cross-encoder on. All examples of a call have the same form. */
export type CrossExample = PairExample | ListExample | PositiveExample;

/** Options of `CrossEncoder.fit`. */
export interface CrossFitOptions extends Omit<
  ClassifierFitOptions,
  "classWeights" | "sampling" | "emptyTexts" | "freezeA"
> {
  /** The loss, by sentence-transformers' names without "Loss". Default: by the form of the examples. */
  readonly loss?: CrossEncoderLossName;
  /** Options, as of `crossEncoderLoss`, without labels. */
  readonly lossOptions?: Omit<CrossEncoderLossOptions, "labels" | "scores" | "teacher" | "batchSize">;
  /**
   * Number of texts of other queries in the batch, positives and negatives, that each query is compared with beside its own; null for all.
   * Default 4, those of the next examples in the batch. No text is then twice in a batch, where it would count against itself, unless there is
   * an `order`.
   */
  readonly negatives?: number | null;
}

/** The form of examples, by their fields. */
export type ExampleForm = "pairs" | "lists" | "positives";

/** An example's texts to score with its query, and its labels. */
export interface TakenExample {
  readonly query: string;
  readonly texts: readonly string[];
  readonly labels: readonly number[];
}

/** A checked copy of examples, which are all of one form. Throws `ConfigError`. */
export function takeExamples(
  examples: readonly CrossExample[],
  names: readonly string[],
): { readonly form: ExampleForm; readonly taken: readonly TakenExample[] } {
  const expected = "fit: a list of { query, text, label }, { query, texts, labels } or { query, positive, negatives }";
  const forms = new Set<ExampleForm>();
  const taken = listFrom(`${expected} is expected`, examples, (example, i) => {
    checkRecord(`${expected}: example ${i} is an object`, example);
    const form = formOf(example);
    forms.add(form);
    if (forms.size > 1)
      throw new ConfigError(`fit: all examples have one form, and example ${i} is of another: ${excerpt(example)}`, {
        op: "fit",
        option: "examples",
        place: i,
      });
    return taking[form](example, i, names);
  });
  if (taken.length === 0) throw new ConfigError("fit: there are no examples", { op: "fit", length: 0 });
  return { form: [...forms][0]!, taken };
}

type Fields = Readonly<Record<string, unknown>>;

const formOf = (example: Fields): ExampleForm =>
  "positive" in example ? "positives" : "texts" in example ? "lists" : "pairs";

const wrong = (i: number, name: string, expected: string, value: unknown) =>
  new ConfigError(`fit: example ${i}: ${name} must be ${expected}, got ${excerpt(value)}`, {
    op: "fit",
    option: "examples",
    place: i,
    name,
    expected,
    value,
  });

/** A finite number, in float32 too. */
const isFinite32 = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(Math.fround(value));

function textOf(example: Fields, name: string, i: number): string {
  const value = example[name];
  if (typeof value === "string") return value;
  throw wrong(i, name, "a text", value);
}

function listOf<T>(example: Fields, name: string, i: number, type: "string" | "number"): T[] {
  const value = example[name];
  const fail = () => wrong(i, name, type === "string" ? "a list of texts" : "a list of finite numbers", value);
  if (!Array.isArray(value)) throw fail();
  return listFrom(`fit: example ${i}: ${name}`, value, (item: unknown) => {
    if (typeof item === type && (type === "string" || isFinite32(item))) return item as T;
    throw fail();
  });
}

const taking: Readonly<Record<ExampleForm, (example: Fields, i: number, names: readonly string[]) => TakenExample>> = {
  pairs(example, i, names) {
    const given = example["label"] ?? example["score"];
    const label = typeof given === "string" ? names.indexOf(given) : given;
    if (label === -1) throw wrong(i, "label", `one of ${excerpt(names)}`, given);
    if (!isFinite32(label)) throw wrong(i, "label", "a finite number or a name", given);
    return { query: textOf(example, "query", i), texts: [textOf(example, "text", i)], labels: [label] };
  },
  lists(example, i) {
    const texts = listOf<string>(example, "texts", i, "string");
    const labels = listOf<number>(example, example["labels"] === undefined ? "scores" : "labels", i, "number");
    if (texts.length === 0) throw wrong(i, "texts", "at least one text", texts);
    if (labels.length !== texts.length) throw wrong(i, "labels", `${texts.length} numbers, one for each text`, labels);
    return { query: textOf(example, "query", i), texts, labels };
  },
  positives(example, i) {
    const given = example["negatives"] ?? example["negative"] ?? [];
    const negatives = listOf<string>(
      { negatives: typeof given === "string" ? [given] : given },
      "negatives",
      i,
      "string",
    );
    const scored = example["scores"] ?? example["score"] ?? example["label"];
    const scores = scored === undefined ? [] : typeof scored === "number" ? [scored] : scored;
    const labels = listOf<number>({ scores }, "scores", i, "number");
    return { query: textOf(example, "query", i), texts: [textOf(example, "positive", i), ...negatives], labels };
  },
};
