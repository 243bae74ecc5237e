import { isRecord, listFrom } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { floatsOf } from "../../../values/number-list.js";
import { stackedRows } from "../../../values/tensor.js";

/** An example to train a sentence encoder on. All examples of a call have the same form. */
export type SentenceExample =
  /** A text and one that belongs to it, such as a query and its answer; perhaps texts that do not belong, as many in each example. */
  | (Taught & { readonly anchor: string; readonly positive: string; readonly negatives?: readonly string[] })
  | (Taught & { readonly anchor: string; readonly positive: string; readonly negative: string })
  /** Two texts and their similarity, or the class of the pair: 1 for similar and 0 for dissimilar; for "softmax" a class from 0. */
  | { readonly texts: readonly [string, string]; readonly score: number }
  | { readonly texts: readonly [string, string]; readonly label: number }
  /** A text and its class. */
  | { readonly text: string; readonly label: string | number }
  /** A text and the vector that a teacher gives for it. */
  | (Taught & { readonly text: string })
  /** Several texts and a teacher's vector for each, or one for all of them, such as a sentence and its translation. */
  | { readonly texts: readonly string[]; readonly teacher: ArrayLike<number> | readonly ArrayLike<number>[] };

/** What a teacher says: a text's vector for "mse"; differences of scores, or scores of the positive and each negative, for "margin-mse". */
interface Taught {
  readonly teacher?: number | ArrayLike<number>;
}

/** A checked example. */
export interface SentenceRow {
  /** Texts, in the order of the loss's columns. */
  readonly texts: readonly string[];
  readonly label?: number;
  readonly score?: number;
  /** A teacher's numbers; with `teachers`, vectors of so many texts one after another. */
  readonly teacher?: Float32Array;
  readonly teachers?: number;
}

/** What the examples are, all of the same form. */
export interface SentenceRows {
  readonly rows: readonly SentenceRow[];
  /** Texts of an example. */
  readonly columns: number;
  /** Which of these each example has. */
  readonly has: "label" | "score" | "teacher" | null;
}

const FORMS =
  "{ anchor, positive, negatives? }, { anchor, positive, negative }, { texts: [a, b], score }, { texts: [a, b], label } or { text, label }";

/** A copy of the examples. Throws `ConfigError`, naming the example, for what is none, for another form than the first's, and for empty texts. */
export function takeSentenceExamples(what: string, examples: readonly SentenceExample[]): SentenceRows {
  const classes = new Map<string | number, number>();
  const rows = listFrom(`${what}: a list of examples is expected`, examples, (example, i) =>
    rowOf(what, example, i, classes),
  );
  if (rows.length === 0)
    throw new ConfigError(`${what}: there are no examples to train on`, { op: what, option: "examples", length: 0 });
  const form = formOf(rows[0]!);
  rows.forEach((row, i) => {
    if (formOf(row) === form) return;
    const message = `${what}: example ${i} has ${formOf(row)}, the first has ${form}: all examples have the same form`;
    throw new ConfigError(message, { op: what, option: "examples", place: i });
  });
  const { texts, label, score, teacher } = rows[0]!;
  const has = label !== undefined ? "label" : score !== undefined ? "score" : teacher !== undefined ? "teacher" : null;
  return { rows, columns: texts.length, has };
}

const formOf = ({ texts, label, score, teacher, teachers }: SentenceRow) =>
  [
    texts.length === 1 ? "one text" : `${texts.length} texts`,
    ...(label === undefined ? [] : ["a label"]),
    ...(score === undefined ? [] : ["a score"]),
    ...(teacher === undefined ? [] : [numbersText(teacher.length, teachers)]),
  ].join(", ");

const numbersText = (count: number, vectors = 0) =>
  vectors === 0 ? `${count} numbers of a teacher` : `a teacher's ${vectors} vectors of ${count / vectors} numbers`;

function rowOf(what: string, example: unknown, place: number, classes: Map<string | number, number>): SentenceRow {
  const wrong = (expected: string) =>
    new ConfigError(`${what}: example ${place}: ${expected}, got ${excerpt(example)}`, {
      op: what,
      option: "examples",
      expected,
      value: example,
      place,
    });
  if (!isRecord(example)) throw wrong(`${FORMS} is expected`);
  const { anchor, positive, negative, negatives, texts, text, score, label, teacher } = example;
  const textOf = (one: unknown) => {
    if (typeof one === "string") return one;
    throw wrong(`${FORMS} is expected`);
  };
  // A list that claims to be long ends at its first gap.
  const textsOf = (list: unknown) => listFrom(`${what}: example ${place}: texts are a list`, list, textOf);
  const more = negatives === undefined ? (negative === undefined ? [] : [textOf(negative)]) : textsOf(negatives);
  const named =
    text !== undefined
      ? [textOf(text)]
      : anchor !== undefined
        ? [textOf(anchor), textOf(positive), ...more]
        : textsOf(texts);
  if (named.length === 0) throw wrong(`${FORMS} is expected`);
  if (named.some((one) => one.trim() === "")) throw wrong("no text may be empty");
  if (score !== undefined && !(typeof score === "number" && Number.isFinite(score)))
    throw wrong("a score is a finite number");
  return {
    texts: named,
    ...(score !== undefined && { score }),
    ...(label !== undefined && { label: classOf(label, named.length, classes, wrong) }),
    ...(teacher !== undefined && taughtBy(`teacher of example ${place}`, what, teacher, named.length, wrong)),
  };
}

/** A teacher's numbers: a number, a list, or a list for each text. */
function taughtBy(name: string, what: string, teacher: unknown, texts: number, wrong: (expected: string) => Error) {
  const isEach = Array.isArray(teacher) && typeof teacher[0] === "object" && teacher[0] !== null;
  const lists = isEach ? (teacher as ArrayLike<number>[]) : [typeof teacher === "number" ? [teacher] : teacher];
  if (isEach && lists.length !== texts) throw wrong(`a teacher's vectors are as many as the ${texts} texts`);
  const vectors = lists.map((one) => floatsOf(what, name, one as ArrayLike<number>));
  if (vectors.some(({ length }) => length !== vectors[0]!.length))
    throw wrong("a teacher's vectors all have the same length");
  if (!vectors.every((vector) => vector.every(Number.isFinite))) throw wrong("a teacher's numbers are finite");
  const { data } = stackedRows(vectors);
  return isEach ? { teacher: data, teachers: texts } : { teacher: data };
}

/** A class's number: of a text's classes, names or numbers, in order of first appearance. */
function classOf(
  label: unknown,
  texts: number,
  classes: Map<string | number, number>,
  wrong: (expected: string) => Error,
): number {
  const isNumber = Number.isSafeInteger(label) && (label as number) >= 0;
  if (texts > 1) {
    if (isNumber) return label as number;
    throw wrong("a pair's label is a whole number from 0");
  }
  if (!isNumber && typeof label !== "string") throw wrong("a label is a name or a whole number from 0");
  const name = label as string | number;
  if (!classes.has(name)) classes.set(name, classes.size);
  return classes.get(name)!;
}
