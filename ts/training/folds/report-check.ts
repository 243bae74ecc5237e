import { finite, nonNegative, oneOf, share, text, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import { textFields } from "../spec/classifier-fields.js";
import { checkSettings } from "../spec/read-settings.js";
import { checkMetrics, objectAt } from "../store/metrics-check.js";
import type { FoldResult, FoldsReport } from "./folds-report.js";

const what = "folds";

/** Losses on the validation, and the step that was kept. Throws `ConfigError` for what is none of a training of `steps` steps. */
function checkEvaluation(place: string, value: unknown, steps: number): void {
  const { measured, best, stoppedEarly } = objectAt(what, place, value);
  let last = -1;
  const isMeasurement = (one: unknown) => {
    const { step, value: loss } = objectAt(what, place, one);
    return Number.isSafeInteger(step) && (step as number) >= 0 && (step as number) <= steps && Number.isFinite(loss);
  };
  const follows = (one: unknown) => {
    const { step } = one as { step: number };
    const later = step > last;
    last = step;
    return later;
  };
  const fits = Array.isArray(measured) && measured.every((one) => isMeasurement(one) && follows(one));
  const isOne = (one: unknown) => JSON.stringify(one) === JSON.stringify(best);
  if (!fits || !isMeasurement(best) || !measured.some(isOne) || typeof stoppedEarly !== "boolean")
    throw unexpected(what, place, "{ measured, best, stoppedEarly } of the fold's steps", value);
}

const supports = ({ perClass }: FoldResult["after"]) => perClass.map(({ support }) => support);

/** A fold from a file. Throws `ConfigError`, naming the field, for what none can be. */
export function checkFold(place: string, value: unknown): asserts value is FoldResult {
  const { after, headOnly, largestClass, steps, evaluation } = objectAt(what, place, value);
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
  const done = whole(what, `${place}.steps`, steps);
  if (evaluation !== null) checkEvaluation(`${place}.evaluation`, evaluation, done);
}

function checkSpread(place: string, value: unknown, check: (what: string, name: string, value: unknown) => unknown) {
  const { mean, deviation } = objectAt(what, place, value);
  check(what, `${place}.mean`, mean);
  nonNegative(what, `${place}.deviation`, deviation);
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

/** Throws `ConfigError`, naming the field, unless a value from a file is what cross-validation found. */
function checkReport(report: Readonly<Record<string, unknown>>): void {
  const { settings, labels, folds, pooled, headOnly, overHeadAlone } = report;
  text(what, "lowrank", report["lowrank"]);
  text(what, "created", report["created"]);
  checkSettings(what, settings, textFields);
  if (!Array.isArray(labels) || labels.length < 2 || !labels.every((label) => typeof label === "string"))
    throw unexpected(what, "labels", "a list of two labels or more", labels);
  if (!Array.isArray(folds) || folds.length < 2) throw unexpected(what, "folds", "a list of two folds or more", folds);
  const classes = (place: string, { perClass: { length } }: FoldResult["after"]) => {
    if (length !== labels.length) throw unexpected(what, place, `measured on the ${labels.length} labels`, length);
  };
  let count = 0;
  for (const [i, fold] of (folds as unknown[]).entries()) {
    checkFold(`folds[${i}]`, fold);
    classes(`folds[${i}].after`, fold.after);
    count += fold.after.count;
  }
  for (const name of ["accuracy", "macroF1"]) checkSpread(name, report[name], share);
  checkSpread("loss", report["loss"], finite);
  if (headOnly !== null) checkSpread("headOnly", headOnly, share);
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

/** folds.json's contents. Throws `FormatError`, naming file and field, for what `runFolds` does not write. */
export function takeFoldsReport(bytes: Uint8Array, path: string): FoldsReport {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const report = parseJsonObject(bytes, fail);
  try {
    checkReport(report);
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw fail(cause.message, cause);
  }
  return report as unknown as FoldsReport;
}
