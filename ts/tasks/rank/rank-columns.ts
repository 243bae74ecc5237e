import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { numbered, taughtColumns } from "../pairs/pair-columns.js";
import { type RankForm, type RankLoss, rankLosses } from "./settings.js";

/** The columns of a file's rows. */
export interface RankColumns {
  readonly form: RankForm;
  readonly query: string;
  /** The texts to score with the query; of "positives" the positive, then the negatives. */
  readonly texts: readonly string[];
  /** Labels, grades or scores; of "positives" nothing. */
  readonly values: readonly string[];
  /** The loss that the names of the columns say; null if the values do. */
  readonly said: RankLoss | null;
}

const QUERIES = ["query", "question", "anchor"];
const TEXTS = ["text", "answer", "document", "passage"];
const LABELS = ["label", "score"];
const LISTS = ["texts", "answers", "documents", "passages"];
const GRADES = ["labels", "scores"];

/** Names of two texts whose pair has a class. */
const PAIRS = [
  ["premise", "hypothesis"],
  ["sentence1", "sentence2"],
  ["text1", "text2"],
  ["question1", "question2"],
] as const;

const FORMS =
  "query and text (or premise and hypothesis, sentence1 and sentence2) with label or score; query, texts and labels, which are lists; " +
  "or query, positive and negative (or negative_1, negative_2 …), perhaps with margin, or positive_score and negative_score";

type Fields = Readonly<Record<string, string>>;

/** The names in a file by their standard names. */
function finder(names: readonly string[], fields: Fields) {
  const has = new Set(names);
  const named = (standard: string) => fields[standard] ?? standard;
  const one = (standards: readonly string[]) => standards.map(named).find((name) => has.has(name));
  return { named, one };
}

/** The columns of two texts; undefined if there are none. */
export function pairColumnsOf(names: readonly string[], fields: Fields): readonly [string, string] | undefined {
  const { named, one } = finder(names, fields);
  const [query, text] = [one(QUERIES), one(TEXTS)];
  if (query !== undefined && text !== undefined) return [query, text];
  return PAIRS.map(([a, b]) => [named(a), named(b)] as const).find((two) => two.every((name) => names.includes(name)));
}

/**
 * Recognises the columns of a file. Throws `ConfigError`, naming those that there are, for others than a reranker reads.
 * @param isMined whether negatives are found later, so that rows have none
 */
export function rankColumns(file: string, names: readonly string[], fields: Fields, isMined: boolean): RankColumns {
  const { named, one } = finder(names, fields);
  const [query, positive, negatives] = [one(QUERIES), one(["positive"]), numbered(named("negative"), new Set(names))];
  if (query !== undefined && positive !== undefined && negatives.length > 0) {
    const texts = [positive, ...negatives];
    const values = taughtColumns(file, names, negatives.length, named);
    return { form: values.length === 0 ? "positives" : "margins", query, texts, values, said: null };
  }
  if (query !== undefined && positive !== undefined && isMined)
    return { form: "positives", query, texts: [positive], values: [], said: null };
  const [list, grades] = [one(LISTS), one(GRADES)];
  if (query !== undefined && list !== undefined && grades !== undefined)
    return { form: "lists", query, texts: [list], values: [grades], said: null };
  const [pair, value] = [pairColumnsOf(names, fields), one(LABELS)];
  if (pair !== undefined && value !== undefined) {
    const isScore = value === named("score");
    const isInference = pair[0] === named("premise");
    const said = isScore ? "mse" : isInference ? "cross-entropy" : null;
    return { form: "rows", query: pair[0], texts: [pair[1]], values: [value], said };
  }
  const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
  throw new ConfigError(
    `${file} has the columns ${has || "none"}; expected are ${FORMS}; map other names with fields (command line: --fields query=NAME,text=NAME)`,
    { file, allowed: names },
  );
}

/** Throws `ConfigError` if a loss is not for these columns. */
export function checkLossFits(file: string, { form, query, texts, values }: RankColumns, loss: RankLoss): void {
  const allowed: readonly RankLoss[] = rankLosses[form];
  if (allowed.includes(loss)) return;
  throw new ConfigError(
    `${file}: the loss "${loss}" is not for the columns ${[query, ...texts, ...values].join(", ")}: ${allowed.join(", ")} ${allowed.length === 1 ? "is" : "are"}`,
    { file, option: "loss", value: loss, allowed },
  );
}
