import { finite, flag, fraction, positive } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { isJsonObject } from "../../io/json.js";
import { type MiningLimits, takeMiningLimits } from "../../models/sentence/mining/mining-options.js";
import type { SentenceLossName } from "../../train/losses/sentence-loss.js";
import type { TaskReport } from "../../training/report.js";
import {
  among,
  field,
  matching,
  orNull,
  requiredField,
  text,
  textsByName,
  type ValuesOf,
  wholeFrom,
  withDefaults,
} from "../../training/spec/field.js";
import type { OptionNames } from "../../training/spec/option-names.js";
import type { TaskPlan } from "../../training/spec/run-settings.js";
import { sharedFields } from "../../training/spec/shared-fields.js";
import { objectAt } from "../../training/store/run-state.js";
import { allowEmpty } from "../table-rows.js";

/** Settings of a run that may look for negatives. */
export interface Mining {
  readonly mineNegatives: MiningLimits | null;
  readonly seed: number;
}

/** Throws `ConfigError`, naming the option, for wrong options of `mineHardNegatives`. */
export function checkMining({ mineNegatives }: Mining, { setting }: OptionNames): void {
  if (mineNegatives !== null) takeMiningLimits(setting("mineNegatives"), mineNegatives);
}

/** Throws `ConfigError` for a file that has negatives, or none that could be looked for. */
export function checkUnmined(file: string, isPlain: boolean, columns: readonly string[], names: OptionNames): void {
  if (isPlain) return;
  const option = names.setting("mineNegatives");
  throw new ConfigError(
    `${file}: ${option} finds negatives for rows with a text and one that belongs to it alone, and these have ${columns.join(", ")}; omit it`,
    { file, option: "mineNegatives" },
  );
}

/**
 * What the rows of a file are. "search": a text, one that belongs to it, and perhaps some that do not. "scores" and "labels": two texts with
 * their similarity, or with 1 or 0. "classes": a text with its class. "margins": a text, one that belongs to it and some that do not, with a
 * teacher's scores. "vectors": a text with a teacher's vector.
 */
export type PairForm = "search" | "scores" | "labels" | "classes" | "margins" | "vectors";

/** The losses for each form of rows; the first is the default. */
export const pairLosses = {
  search: [
    "multiple-negatives-ranking",
    "cached-multiple-negatives-ranking",
    "multiple-negatives-symmetric-ranking",
    "triplet",
  ],
  scores: ["cosent", "cosine-similarity", "angle"],
  labels: ["contrastive", "online-contrastive"],
  classes: [
    "batch-hard-triplet",
    "batch-semi-hard-triplet",
    "batch-hard-soft-margin-triplet",
    "batch-all-triplet",
  ] as const,
  margins: ["margin-mse"],
  vectors: ["mse"],
} as const satisfies Readonly<Record<PairForm, readonly SentenceLossName[]>>;

/** The name of a loss of this task. */
export type PairLoss = (typeof pairLosses)[PairForm][number];

const dimensions = matching<readonly number[]>(
  "a list of whole numbers from 1",
  (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => Number.isSafeInteger(one) && (one as number) >= 1),
);

/** Each option is checked when the task's code is loaded. */
export const miningOptions = matching<MiningLimits>("an object of options of mineHardNegatives", isJsonObject);

/** Settings of a run on pairs of texts, which trains sentence vectors. A metric on the validation chooses the step. */
export const pairsFields = {
  ...withDefaults(sharedFields, {
    validationSplit: null,
    steps: null,
    batchSize: 32,
    patience: 3,
    learningRate: 5e-4,
  }),
  /**
   * Sentence vectors are trained for search and similarity. Rows have `anchor`, `positive` and perhaps `negative`, or `negative_1`,
   * `negative_2` …, and then a teacher's `margin`; `sentence1`, `sentence2` and `score` or `label`; `text` and `label`; or `text` and a
   * teacher's `vector`.
   */
  task: requiredField(among(["pairs"])),
  /** Names of columns in the data, by their standard names: `{ anchor: "question", positive: "answer" }`. */
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
   * The loss, as `sentenceLoss` names it. Null: by the columns, "multiple-negatives-ranking" for an anchor and its positive, "cosent" for
   * scores, "contrastive" for pairs with a label, "batch-hard-triplet" for texts with a label, "margin-mse" for a teacher's margins, "mse"
   * for its vectors.
   */
  loss: field(orNull(among<PairLoss>(Object.values(pairLosses).flat())), null),
  /** Factor of similarities in the losses that have one; null for 20. */
  scale: field(orNull<number>(positive), null),
  /**
   * Text put before every anchor, in training, in measurements, and, by the saved folder, in `encodeQuery`; null for none. Only for rows
   * with an anchor.
   */
  queryPrompt: field(orNull(text), null),
  /** Prompt before every text that is searched: positives and negatives, and in `encodeDocument`. */
  documentPrompt: field(orNull(text), null),
  /**
   * Options of `mineHardNegatives`, `{}` for its defaults: before training, texts that the base model takes for an anchor's positives although
   * they are those of others are found for each row to train on, 3 unless `numNegatives` says otherwise. Null for none. Only for rows with an
   * anchor and a positive.
   */
  mineNegatives: field(orNull(miningOptions), null),
  /** Lengths to which vectors can be cut afterwards: the loss is computed for each of them (Matryoshka). Null for whole vectors only. */
  matryoshka: field(orNull(dimensions), null),
  /** Texts that are encoded at a time, for large batches in little memory: the same gradients, about a third more time. Null: all. */
  miniBatch: field(orNull(wholeFrom(1)), null),
  /** Recompute each layer for its gradient: less memory, the same result, about a third more time. */
  checkpointing: field<boolean>(flag, false),
};

/** Everything that the result of a run on pairs depends on, except the files it names. */
export type PairsSettings = ValuesOf<typeof pairsFields>;

/** A run on pairs of texts as plain data. All fields except `task` and `data` have defaults. */
export type PairsJobSpec = Pick<PairsSettings, "task" | "data"> & Partial<PairsSettings>;

/** Defaults of a run on pairs, and on texts of queries. */
export const pairsPlan: TaskPlan = {
  length: { passes: 3, least: 100, most: 1000 },
  heldOut: {
    validation: { share: 0.1, most: 400, least: 20 },
    test: { share: 0.2, most: 1000 },
  },
  choosesStep: "always",
};

/** What the result is compared with, on the same examples: metrics by name. */
export interface PairsYardsticks {
  /** The base model's vectors. */
  readonly base: Readonly<Record<string, number>>;
  /** A search by words (BM25); null where nothing is searched. */
  readonly bm25: Readonly<Record<string, number>> | null;
}

/** Results on the examples to test on. */
export interface PairsResult {
  /** What it is compared with. */
  readonly yardsticks: PairsYardsticks;
  /** Metrics with the adapter. */
  readonly after: Readonly<Record<string, number>>;
  /** Which examples the result is measured on. The validation flatters it, since the step was chosen by it. */
  readonly measuredOn: "test" | "validation";
  /** What the rows are. */
  readonly form: PairForm;
  /** The loss that was trained. */
  readonly loss: PairLoss;
  /** Number of documents that were searched, those of all parts; null where nothing is searched. */
  readonly documents: number | null;
  /** The metrics of vectors cut to each length of `matryoshka`; null without. */
  readonly dimensions: Readonly<Record<string, Readonly<Record<string, number>>>> | null;
}

/** What a finished run on pairs gives. */
export interface PairsJobResult {
  /** What happened: report.json. */
  readonly report: TaskReport<PairsSettings, PairsResult>;
}

/** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the yardsticks of a run on pairs. */
export function checkPairsState(what: string, run: Readonly<Record<string, unknown>>): void {
  const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
  for (const name of ["base", "bm25"]) {
    if (name === "bm25" && yardsticks[name] === null) continue;
    const place = `run.yardsticks.${name}`;
    for (const [metric, value] of Object.entries(objectAt(what, place, yardsticks[name])))
      finite(what, `${place}.${metric}`, value);
  }
}
