import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { type PairForm, type PairLoss, pairLosses } from "./settings.js";

/** The columns of a file's rows. */
export interface PairColumns {
  readonly form: PairForm;
  /** Columns of texts, in the order of the loss's. */
  readonly texts: readonly string[];
  /** Column of the score, label, class or vector; null for "search" and "margins". */
  readonly value: string | null;
  /** Columns of "margins": a margin for each negative, or a score for the positive and each negative. */
  readonly taught?: readonly string[];
}

/** Names of two texts that belong together, by the names of `fields`: the first is a text, the second belongs to it. */
const ANCHORS = ["anchor", "query", "question"];
const POSITIVES = ["positive", "answer", "document", "passage"];
const PAIRS = [
  ["sentence1", "sentence2"],
  ["text1", "text2"],
  ["question1", "question2"],
  ["a", "b"],
] as const;
const VALUES = ["score", "similarity", "label"];

/**
 * Recognises the columns of a file. Throws `ConfigError`, naming those that it has, for others than a task on pairs reads, and for a loss of
 * another form of rows.
 *
 * @param names the file's columns
 * @param fields names in the data by the standard ones
 */
export function pairColumns(
  file: string,
  names: readonly string[],
  fields: Readonly<Record<string, string>>,
  loss: PairLoss | null,
): PairColumns {
  const has = new Set(names);
  const named = (standard: string) => fields[standard] ?? standard;
  const find = (standards: readonly string[]) => standards.map(named).find((name) => has.has(name));
  for (const [standard, name] of Object.entries(fields))
    if (!has.has(name)) throw missing(file, names, `fields name ${excerpt(name)} as ${excerpt(standard)}`);
  const value = find(VALUES);
  const [anchor, positive] = [find(ANCHORS), find(POSITIVES)];
  if (anchor !== undefined && positive !== undefined) {
    const negatives = numbered(named("negative"), has);
    const texts = [anchor, positive, ...negatives];
    const taught = taughtColumns(file, names, negatives.length, named);
    const form = taught.length === 0 ? "search" : "margins";
    return checked(file, { form, texts, value: null, ...(taught.length > 0 && { taught }) }, loss);
  }
  const pair = PAIRS.map((two) => two.map(named)).find((two) => two.every((name) => has.has(name)));
  if (pair !== undefined && value !== undefined) {
    const usual = value === named("label") ? "labels" : "scores";
    const wanted = (["scores", "labels"] as const).find((form) => losses(form).includes(loss));
    return checked(file, { form: wanted ?? usual, texts: pair, value }, loss);
  }
  const [text, label] = [named("text"), named("label")];
  if (has.has(text) && has.has(label)) {
    // Judged texts of a search look like texts with classes.
    if (anchor !== undefined && loss === null)
      throw missing(file, names, `${excerpt(anchor)} would not be used; task "rank" trains on judged texts of a query`);
    return checked(file, { form: "classes", texts: [text], value: label }, loss);
  }
  const vector = find(["vector", "teacher"]);
  if (has.has(text) && vector !== undefined)
    return checked(file, { form: "vectors", texts: [text], value: vector }, loss);
  throw missing(file, names, "these columns are no pairs");
}

const losses = (form: PairForm): readonly (PairLoss | null)[] => pairLosses[form];

/** The columns of a teacher's margins or scores; none if there are none. Throws `ConfigError` if they do not fit the negatives. */
export function taughtColumns(
  file: string,
  names: readonly string[],
  negatives: number,
  named: (standard: string) => string,
): readonly string[] {
  const has = new Set(names);
  const margins = numbered(named("margin"), has);
  if (margins.length === negatives) return margins;
  const scores = [named("positive_score"), ...numbered(named("negative_score"), has)].filter((name) => has.has(name));
  if (scores.length === negatives + 1 || margins.length + scores.length === 0) return scores;
  throw new ConfigError(
    `${file} has ${negatives} columns of negatives and ${margins.length > 0 ? `${margins.length} of margins` : `${scores.length} of scores`}; ` +
      "expected are one margin for each negative, or positive_score and one negative_score for each",
    { file, allowed: names },
  );
}

/** `name`, or `name_1` and so on while there is a next one. */
export function numbered(name: string, has: ReadonlySet<string>): string[] {
  if (has.has(name)) return [name];
  const found: string[] = [];
  for (let i = 1; has.has(`${name}_${i}`); i++) found.push(`${name}_${i}`);
  return found;
}

const FORMS =
  "anchor and positive (perhaps with negative, or negative_1, negative_2 …, and then a teacher's margin), sentence1 and sentence2 with score or label, text and label, or text and vector";

function missing(file: string, names: readonly string[], problem: string): ConfigError {
  const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
  return new ConfigError(
    `${file}: ${problem}: it has ${has || "none"}; expected are the columns ${FORMS}; map other names with fields (command line: --fields anchor=NAME,positive=NAME)`,
    { file, allowed: names },
  );
}

/** Throws `ConfigError` if a loss is not for these rows. */
function checked(file: string, columns: PairColumns, loss: PairLoss | null): PairColumns {
  const { form, texts } = columns;
  const allowed = losses(form);
  const isTriplet = texts.length === 3;
  if (loss === null || (allowed.includes(loss) && (loss !== "triplet" || isTriplet))) return columns;
  const fit = loss === "triplet" && form === "search" ? "anchor, positive and one negative" : undefined;
  throw new ConfigError(
    `${file}: the loss "${loss}" is not for the columns ${texts.join(", ")}${columns.value === null ? "" : `, ${columns.value}`}: ` +
      (fit === undefined ? `${allowed.join(", ")} are` : `it needs ${fit}`),
    { file, option: "loss", value: loss, allowed },
  );
}
