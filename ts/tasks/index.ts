import { REGRESSION_METRICS } from "../train/evaluators/regression-metrics.js";
import type { Fields } from "../training/spec/field.js";
import { firstDifference as differenceIn, takeSpec } from "../training/spec/read-settings.js";
import { type RunSettings, taskOf as nameOf } from "../training/spec/run-settings.js";
import type {
  FileExample,
  TaskDefinition,
  TaskEntry,
  TaskTable,
  TokenizedExample,
} from "../training/task-definition.js";
import { lazyChunk } from "../waiting/lazy-chunk.js";
import { classifierFolds } from "./classify/classifier-folds.js";
import { classifierPlan, type JobSpec, textFields, type TrainingSettings } from "./classify/settings.js";
import { checkClassifierState } from "./classify/report.js";
import { scoredStateCheck } from "./head/head-comparison.js";
import {
  languageFields,
  type LanguageJobSpec,
  languagePlan,
  type LanguageResult,
  type LanguageSettings,
} from "./language/settings.js";
import {
  MULTI_LABEL_METRICS,
  multiLabelFields,
  type MultiLabelJobSpec,
  type MultiLabelSettings,
} from "./multi-label/settings.js";
import {
  checkPairsState,
  type PairLoss,
  pairsFields,
  type PairsJobSpec,
  pairsPlan,
  type PairsSettings,
} from "./pairs/settings.js";
import {
  checkPreferenceState,
  preferenceFields,
  type PreferenceJobSpec,
  type PreferenceSettings,
} from "./preferences/settings.js";
import { checkRankState, rankFields, type RankJobSpec, type RankLoss, type RankSettings } from "./rank/settings.js";
import { regressFields, type RegressJobSpec, type RegressSettings } from "./regress/settings.js";
import { checkTokenBaseline, tokenFields, type TokenJobSpec, type TokenSettings } from "./tokens/settings.js";

/** Losses that choose rows by their distances, or that compute a batch in parts: they read values within a step. */
const pairLosses: readonly (PairLoss | null)[] = [
  "cached-multiple-negatives-ranking",
  "online-contrastive",
  "batch-hard-triplet",
  "batch-semi-hard-triplet",
  "batch-hard-soft-margin-triplet",
  "batch-all-triplet",
] as const;

/** Losses that weight pairs by the order of their scores. */
const rankLosses: readonly (RankLoss | null)[] = ["lambda", "rank-net"];

const given = (names: Readonly<Record<string, boolean>>): string[] => Object.keys(names).filter((name) => names[name]);

/** Settings of pairs with which a run does not run on a GPU. */
const pairsNotOnGpu = ({ mineNegatives, miniBatch, loss }: PairsSettings): string[] =>
  given({ mineNegatives: mineNegatives !== null, miniBatch: miniBatch !== null, loss: pairLosses.includes(loss) });

/** Settings of a reranker's training that a GPU does not support. */
const rankNotOnGpu = ({ mineNegatives, loss }: RankSettings): string[] =>
  given({ mineNegatives: mineNegatives !== null, loss: rankLosses.includes(loss) });

/** The name of a task. A spec without `task` is for a text classifier. */
export type TaskName = "classify" | "multi-label" | Exclude<JobSettings, TrainingSettings | MultiLabelSettings>["task"];

/** Settings of any run. */
export type JobSettings =
  | TrainingSettings
  | MultiLabelSettings
  | TokenSettings
  | RegressSettings
  | PairsSettings
  | RankSettings
  | LanguageSettings
  | PreferenceSettings;

/** A spec of any run. */
export type AnyJobSpec =
  | JobSpec
  | MultiLabelJobSpec
  | TokenJobSpec
  | RegressJobSpec
  | PairsJobSpec
  | RankJobSpec
  | LanguageJobSpec
  | PreferenceJobSpec;

/** The settings of each task. */
export const fieldsOfTasks = {
  classify: textFields,
  "multi-label": multiLabelFields,
  tokens: tokenFields,
  regress: regressFields,
  pairs: pairsFields,
  rank: rankFields,
  text: languageFields,
  chat: languageFields,
  preferences: preferenceFields,
} satisfies Readonly<Record<TaskName, Fields>>;

const share = (title: string) => ({ title, better: "higher", format: "share" }) as const;
const higher = (title: string) => ({ title, better: "higher", format: "number" }) as const;
const lower = (title: string) => ({ title, better: "lower", format: "number" }) as const;

/** Baselines of tasks with one label a text or word. */
const overLargestClass = ({ largestClass, headOnly }: { largestClass: number; headOnly: object | null }) => ({
  majorityClass: { accuracy: largestClass },
  headOnly,
});

/** A definition in the table: its types of settings and examples are its own. */
const entry = <S extends RunSettings, E extends FileExample, X extends TokenizedExample>(
  own: Omit<TaskEntry, "load">,
  load: () => Promise<TaskDefinition<S, E, X>>,
): TaskEntry => ({ ...own, load: lazyChunk(load) });

const language = (fieldsExample: string) =>
  entry(
    {
      fields: languageFields,
      plan: languagePlan,
      metrics: { perplexity: lower("perplexity"), loss: lower("loss") },
      baselines: ({ before }: Pick<LanguageResult, "before">) => ({ reference: before }),
      fieldsExample,
      // Its first measurement is among those of training.
      checkState: () => undefined,
      notOnGpu: () => [],
    },
    async () => (await import("./language/definition.js")).languageDefinition,
  );

/** The tasks. Their code is loaded when a run begins: people who train classifiers do not need a language model's. */
export const tasks = {
  classify: entry(
    {
      fields: textFields,
      plan: classifierPlan,
      metrics: { accuracy: share("accuracy"), macroF1: share("macro F1"), loss: lower("loss") },
      headOnlyModel: "a logistic regression",
      fitsHead: true,
      baselines: overLargestClass,
      checkState: checkClassifierState,
      folds: classifierFolds,
      notOnGpu: () => [],
    },
    async () => (await import("./classify/definition.js")).classifyDefinition,
  ),
  "multi-label": entry(
    {
      fields: multiLabelFields,
      plan: classifierPlan,
      metrics: {
        f1Micro: share("micro F1"),
        f1Macro: share("macro F1"),
        map: share("mAP"),
        exactMatch: share("exact match"),
        loss: lower("loss"),
      },
      comparedBy: "exactMatch",
      headOnlyModel: "a logistic regression for each label",
      fitsHead: true,
      checkState: scoredStateCheck({
        guess: "mostFrequent",
        metrics: MULTI_LABEL_METRICS,
        meanScore: ({ exactMatch }) => exactMatch!,
      }),
      notOnGpu: () => [],
    },
    async () => (await import("./multi-label/definition.js")).multiLabelDefinition,
  ),
  tokens: entry(
    {
      fields: tokenFields,
      plan: classifierPlan,
      metrics: {
        f1: share("entity F1"),
        precision: share("precision"),
        recall: share("recall"),
        accuracy: share("accuracy of words"),
        loss: lower("loss"),
      },
      comparedBy: "f1",
      headOnlyModel: "a logistic regression for words",
      baselines: overLargestClass,
      fieldsExample: "tokens=…,tags=…",
      checkState: (what, run) => checkTokenBaseline(what, "run.baseline", run["baseline"]),
      notOnGpu: () => [],
    },
    async () => (await import("./tokens/definition.js")).tokensDefinition,
  ),
  regress: entry(
    {
      fields: regressFields,
      plan: classifierPlan,
      metrics: {
        spearman: higher("Spearman"),
        pearson: higher("Pearson"),
        rmse: lower("RMSE"),
        mae: lower("MAE"),
        r2: higher("R²"),
      },
      chosenBy: "spearman",
      comparedBy: "mae",
      headOnlyModel: "a ridge regression",
      checkState: scoredStateCheck({ guess: "mean", metrics: REGRESSION_METRICS, meanScore: ({ mae }) => -mae! }),
      notOnGpu: () => [],
    },
    async () => (await import("./regress/definition.js")).regressDefinition,
  ),
  pairs: entry(
    {
      fields: pairsFields,
      plan: pairsPlan,
      // Which of them there are, and which chooses the step, depends on the columns.
      metrics: {
        "ndcg@10": higher("NDCG@10"),
        "mrr@10": higher("MRR@10"),
        "recall@1": share("recall@1"),
        "recall@10": share("recall@10"),
        "map@100": higher("MAP@100"),
        spearman: higher("Spearman"),
        pearson: higher("Pearson"),
        ap: higher("average precision"),
        accuracy: share("accuracy"),
        f1: share("F1"),
        cosine: higher("cosine with the teacher"),
      },
      fieldsExample: "anchor=…,positive=…",
      checkState: checkPairsState,
      notOnGpu: pairsNotOnGpu,
    },
    async () => (await import("./pairs/definition.js")).pairsDefinition,
  ),
  rank: entry(
    {
      fields: rankFields,
      plan: pairsPlan,
      // Pairs with classes have the last two.
      metrics: {
        "ndcg@10": higher("NDCG@10"),
        "mrr@10": higher("MRR@10"),
        map: higher("average precision"),
        accuracy: share("accuracy"),
        macroF1: share("macro F1"),
      },
      chosenBy: "ndcg@10",
      fieldsExample: "query=…,text=…",
      checkState: checkRankState,
      notOnGpu: rankNotOnGpu,
    },
    async () => (await import("./rank/definition.js")).rankDefinition,
  ),
  text: language("prompt=…,completion=…"),
  chat: language("messages=…"),
  preferences: entry(
    {
      fields: preferenceFields,
      plan: languagePlan,
      metrics: {
        rewardAccuracy: share("reward accuracy"),
        margin: higher("reward margin"),
        accuracy: share("more probable"),
        loss: lower("loss"),
      },
      chosenBy: "rewardAccuracy",
      fieldsExample: "chosen=…,rejected=…",
      checkState: checkPreferenceState,
    },
    async () => (await import("./preferences/definition.js")).preferenceDefinition,
  ),
} satisfies TaskTable & Readonly<Record<TaskName, TaskEntry>>;

/** The task of a run with these settings. */
export const taskOf = (settings: object): TaskName => nameOf(settings) as TaskName;

/** The first field in which settings differ from those that a run began with; null if they are the same. */
export const firstDifference = <S extends Partial<JobSettings>>(settings: S, began: S): (keyof S & string) | null =>
  differenceIn(settings, began, fieldsOfTasks[taskOf(settings)]);

/** A copy of a spec with its defaults, every field read once. Throws `ConfigError`, naming the field, for what it does not accept. */
export const takeAnySpec = (what: string, spec: AnyJobSpec): JobSettings => takeSpec(what, spec, tasks) as JobSettings;
