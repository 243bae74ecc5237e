import { lossCurve } from "../../pictures/loss-curve.js";
import type { FileMap } from "../../io/file-map.js";
import type { JobEstimate } from "../estimate/job-estimate.js";
import { lastPart } from "./last-part.js";
import { formatPercent } from "./percent.js";
import type { Prepared } from "../prepare.js";
import { macroF1Loss, recommend } from "./recommendation.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type RunReport } from "./run-report.js";
import { spareForHead } from "../data/dataset.js";
import { unseenTexts } from "./unseen-texts.js";
import { runFiles } from "../store/run-store.js";
import type { Trained } from "../train-run.js";
import { formatTargets } from "../spec/training-settings.js";

/** What the report says that was known before training. */
export interface KnownBefore {
  readonly machine: Readonly<Record<string, string>>;
  readonly estimate: JobEstimate;
}

/** What is known after a run, put together. */
export function reportOf(prepared: Prepared, trained: Trained, { machine, estimate }: KnownBefore): RunReport {
  const { settings, engine, model, modelHash, dataset, summary, parameters } = prepared;
  const { baseline, after, overHeadAlone, steps, evaluation, peakMemory, predictions } = trained;
  const reported = ({ file, sha256, examples }: Prepared["dataset"]["train"]) => ({
    file,
    sha256,
    examples: examples.length,
  });
  return {
    ...reportProgram(),
    settings,
    model: { name: model.name, source: settings.model, sha256: modelHash },
    data: {
      train: reported(dataset.train),
      validation: reported(dataset.validation),
      test: dataset.test && reported(dataset.test),
      labels: dataset.labels,
      summary,
    },
    parameters,
    engine: reportEngine(engine, machine),
    result: {
      ...{ ...baseline, after, overHeadAlone, recommended: recommend(overHeadAlone) },
      macroF1Loss: macroF1Loss(overHeadAlone),
      unseen: unseenTexts(
        [...dataset.train.examples, ...(settings.headOnly ? spareForHead(dataset) : [])],
        predictions,
        prepared.nearTrained,
      ),
      measuredOn: dataset.test === null ? "validation" : "test",
    },
    evaluation,
    estimate,
    training: reportTraining(steps, { peakMemory, diverged: trained.diverged !== null }),
    steps,
  };
}

/** Everything that a finished run leaves in its store. */
export function outputFiles({ classifier, dataset, settings }: Prepared, report: RunReport): FileMap {
  const files = { ...classifier.save(), [runFiles.report]: reportFile(report) };
  // A head that was fitted took no steps to draw.
  if (report.steps.length === 0) return files;
  const { largestClass, headOnly, after } = report.result;
  const subtitle = [
    `largest class ${formatPercent(largestClass)}`,
    headOnly === null ? "" : `head alone ${formatPercent(headOnly.accuracy)}`,
    `rank ${settings.rank}, alpha ${settings.alpha} on ${formatTargets(settings.targetModules)}`,
    `${report.training.steps} steps of ${settings.batchSize}`,
    lastPart(dataset.train.file),
  ];
  const curve = lossCurve(report.steps, {
    title: `${lastPart(report.model.name)} with LoRA: ${formatPercent(after.accuracy)} of test texts right`,
    subtitle: subtitle.filter(Boolean).join(" · "),
    classes: dataset.labels.length,
    ...(report.evaluation && { validation: report.evaluation }),
  });
  return {
    ...files,
    [runFiles.curve]: new TextEncoder().encode(curve),
  };
}
