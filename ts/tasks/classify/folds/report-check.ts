import { finite, oneOf, share, unexpected, whole } from "../../../arguments/settings.js";
import type { Metrics } from "../../../train/metrics/metrics.js";
import { checkSpread } from "../../../training/folds/folds-report.js";
import { objectAt } from "../../../training/store/run-state.js";
import { checkMetrics } from "../stored/metrics-check.js";

const what = "folds";

const supports = ({ perClass }: Metrics) => perClass.map(({ support }) => support);

/** A fold from a file. Throws `ConfigError`, naming the field, for invalid values. */
export function checkClassifierFold(place: string, value: Readonly<Record<string, unknown>>): void {
  const { after, headOnly, largestClass } = value;
  checkMetrics(what, `${place}.after`, after);
  const own = supports(after);
  if (headOnly !== null) {
    checkMetrics(what, `${place}.headOnly`, headOnly);
    if (JSON.stringify(supports(headOnly)) !== JSON.stringify(own))
      throw unexpected(
        what,
        `${place}.headOnly`,
        "measured on as many examples of each class as after",
        supports(headOnly),
      );
  }
  share(what, `${place}.largestClass`, largestClass);
  if (!own.some((support) => support / after.count === largestClass))
    throw unexpected(what, `${place}.largestClass`, "the share of a class in what was measured", largestClass);
}

function checkDifference(place: string, value: unknown): void {
  const { difference, interval } = objectAt(what, place, value);
  finite(what, `${place}.difference`, difference);
  if (
    !Array.isArray(interval) ||
    interval.length !== 2 ||
    !interval.every(Number.isFinite) ||
    interval[0] > interval[1]
  )
    throw unexpected(what, `${place}.interval`, "two numbers, the lower one first", interval);
}

/** Throws `ConfigError`, naming the field, unless a report from a file has the fields of a classifier's folds. */
export function checkClassifierReport(report: Readonly<Record<string, unknown>>): void {
  const { labels, pooled, headOnly, overHeadAlone } = report as { labels: readonly string[] } & typeof report;
  const folds = report["folds"] as readonly { readonly after: Metrics }[];
  if (labels.length < 2) throw unexpected(what, "labels", "a list of two labels or more", labels);
  const classes = (place: string, { perClass: { length } }: Metrics) => {
    if (length !== labels.length) throw unexpected(what, place, `measured on the ${labels.length} labels`, length);
  };
  for (const [i, { after }] of folds.entries()) classes(`folds[${i}].after`, after);
  const count = folds.reduce((sum, { after }) => sum + after.count, 0);
  for (const name of ["accuracy", "macroF1"]) checkSpread(what, name, report[name], share);
  checkSpread(what, "loss", report["loss"]);
  if (headOnly !== null) checkSpread(what, "headOnly", headOnly, share);
  checkMetrics(what, "pooled", pooled);
  classes("pooled", pooled);
  if (pooled.count !== count)
    throw unexpected(what, "pooled.count", `the ${count} examples of all folds`, pooled.count);
  if (report["recommended"] !== null) oneOf(what, "recommended", report["recommended"], ["adapter", "head-only"]);
  if (overHeadAlone === null) return;
  const over = objectAt(what, "overHeadAlone", overHeadAlone);
  whole(what, "overHeadAlone.count", over["count"], 1);
  for (const name of ["accuracy", "macroF1"]) checkDifference(`overHeadAlone.${name}`, over[name]);
}
