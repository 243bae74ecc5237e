import type { TaskReport } from "../../training/result/report.js";
import type { RankLoss, RankSettings } from "./settings.js";
import { finite } from "../../arguments/settings.js";
import { objectAt } from "../../training/store/run-state.js";

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
