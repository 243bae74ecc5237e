import { finite, flag, fraction } from "../../arguments/settings.js";
import type { CrossEncoderLossName } from "../../train/losses/cross-encoder-loss.js";
import type { TaskReport } from "../../training/report.js";
import {
  among,
  field,
  orNull,
  requiredField,
  text,
  textsByName,
  type ValuesOf,
  withDefaults,
} from "../../training/spec/field.js";
import { sharedFields } from "../../training/spec/shared-fields.js";
import { objectAt } from "../../training/store/run-state.js";
import { miningOptions } from "../pairs/settings.js";
import { allowEmpty } from "../table-rows.js";

/**
 * What the rows of a file are. "rows": a query and a text with a label, class or score. "lists": a query and all its texts. "positives": a
 * query, a text that fits, and texts that do not. "margins": the same with a teacher's scores.
 */
export type RankForm = "rows" | "lists" | "positives" | "margins";

/** Losses of which an example is a query with all its texts. */
export const listLosses = [
  "lambda",
  "list-net",
  "rank-net",
  "list-mle",
] as const satisfies readonly CrossEncoderLossName[];

/** The losses for each form of rows. */
export const rankLosses = {
  rows: ["binary-cross-entropy", "mse", "cross-entropy", ...listLosses],
  lists: [...listLosses, "binary-cross-entropy", "mse"],
  positives: ["binary-cross-entropy", ...listLosses],
  margins: ["margin-mse"],
} as const satisfies Readonly<Record<RankForm, readonly CrossEncoderLossName[]>>;

/** The name of a loss of this task. */
export type RankLoss = (typeof rankLosses)[RankForm][number];

/**
 * Settings of a run on texts of queries, which trains a cross-encoder. NDCG@10 on the validation chooses the step, of pairs with classes the
 * accuracy.
 */
export const rankFields = {
  ...withDefaults(sharedFields, {
    // Without early stopping: a new head's first steps tell little about the order.
    validationSplit: null,
    steps: null,
    batchSize: 16,
    patience: null,
    learningRate: 5e-4,
  }),
  /**
   * A cross-encoder is trained, which orders the texts of a search, or says which class a pair of texts has. Rows have `query`, `text` and
   * `label` or `score`; `premise`, `hypothesis` and `label`; `query` and lists `texts`, `labels`; or `query`, `positive`, `negative`, perhaps
   * with a teacher's `margin`.
   */
  task: requiredField(among(["rank"])),
  /** Names of columns in the data, by their standard names: `{ query: "question", text: "answer" }`. */
  fields: field(textsByName, {}),
  /** "empty-texts": remove rows that lack one of their texts; "empty-labels": those that lack a value beside them. Default: they are an error. */
  allow: field(allowEmpty, []),
  /** Examples that are measured once, at the end; null for `testSplit`. Without either, the result is measured on the validation. */
  test: field(orNull(text), null),
  /**
   * Share of the data kept for the test if there is no test file; 0 for none. Null: a fifth, of a large file about 1,000 examples,
   * unless a validation file is named.
   */
  testSplit: field(orNull<number>(fraction), null),
  /**
   * The loss, as `crossEncoderLoss` names it. Null: "binary-cross-entropy" for labels from 0 to 1, "lambda" for other labels, which are
   * grades, and for lists, "mse" for scores, "cross-entropy" for names of classes, "margin-mse" for margins. An example of "lambda",
   * "list-net", "rank-net" and "list-mle" is a query with all its texts.
   */
  loss: field(orNull(among<RankLoss>([...new Set(Object.values(rankLosses).flat())])), null),
  /**
   * Options of `mineHardNegatives`, `{}` for its defaults: before training, texts that the base model takes for a query's positives although they
   * are those of others are found for each query, 3 unless `numNegatives` says otherwise. Rows then have a query and a positive, and no negative.
   * Null for none.
   */
  mineNegatives: field(orNull(miningOptions), null),
  /** Recompute each layer for its gradient: less memory, the same result, about a third more time. */
  checkpointing: field<boolean>(flag, false),
};

/** Everything that the result of a run on texts of queries depends on, except the files it names. */
export type RankSettings = ValuesOf<typeof rankFields>;

/** A run on texts of queries as plain data. All fields except `task` and `data` have defaults. */
export type RankJobSpec = Pick<RankSettings, "task" | "data"> & Partial<RankSettings>;

/** What the result is compared with, on the same examples: metrics by name. */
export interface RankYardsticks {
  /** The order by the cosine of the base encoder's vectors; missing for classes, and where a ready cross-encoder was trained. */
  readonly cosine?: Readonly<Record<string, number>>;
  /** Metrics of always predicting the class that most pairs to train on have; missing unless pairs have classes. */
  readonly largestClass?: Readonly<Record<string, number>>;
  /** The ready cross-encoder before training; missing where the head is new. */
  readonly start?: Readonly<Record<string, number>>;
}

/** Results on the examples to test on. */
export interface RankResult {
  /** What it is compared with. */
  readonly yardsticks: RankYardsticks;
  /** Metrics with the cross-encoder. */
  readonly after: Readonly<Record<string, number>>;
  /** Which examples the result is measured on. The validation flatters it, since the step was chosen by it. */
  readonly measuredOn: "test" | "validation";
  /** The loss that was trained. */
  readonly loss: RankLoss;
  /** Number of queries that were measured; of pairs with classes, of first texts. */
  readonly queries: number;
  /** Texts with a label above this one count as relevant for MRR and average precision; null for classes. */
  readonly relevantAbove: number | null;
}

/** What a finished run on texts of queries gives. */
export interface RankJobResult {
  /** What happened: report.json. */
  readonly report: TaskReport<RankSettings, RankResult>;
}

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has yardsticks of a run on texts of queries. */
export function checkRankState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  const found = ["cosine", "largestClass", "start"].filter((name) => Object.hasOwn(yardsticks, name));
  for (const name of found.length === 0 ? ["cosine"] : found) {
    const place = `run.yardsticks.${name}`;
    for (const [metric, value] of Object.entries(objectAt(what, place, yardsticks[name])))
      finite(what, `${place}.${metric}`, value);
  }
}
