import { lossCurve } from "../pictures/loss-curve.js";
import type { FileMap } from "../io/file-map.js";
import { formatPercent } from "./percent.js";
import type { Prepared } from "./prepare.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type RunReport } from "./run-report.js";
import { runFiles } from "./run-store.js";
import type { Trained } from "./train-run.js";
import { formatTargets } from "./training-settings.js";

/** What is known after a run, put together. */
export function reportOf(prepared: Prepared, trained: Trained, machine: Readonly<Record<string, string>>): RunReport {
  const { settings, engine, model, modelHash, dataset, parameters } = prepared;
  const { baseline, after, steps, peakMemory } = trained;
  const reported = ({ file, sha256, examples }: Prepared["dataset"]["train"]) => ({
    file,
    sha256,
    examples: examples.length,
  });
  return {
    ...reportProgram(),
    settings,
    model: { name: model.name, source: settings.model, sha256: modelHash },
    data: { train: reported(dataset.train), validation: reported(dataset.validation), labels: dataset.labels },
    parameters,
    engine: reportEngine(engine, machine),
    result: { ...baseline, after },
    training: reportTraining(steps, peakMemory),
    steps,
  };
}

/** Everything that a finished run leaves in its store. */
export function outputFiles({ classifier, dataset, settings }: Prepared, report: RunReport): FileMap {
  const files = { ...classifier.save(), [runFiles.report]: reportFile(report) };
  // A head that was fitted took no steps to draw.
  if (report.steps.length === 0) return files;
  const { largestClass, headOnly, after } = report.result;
  const lastPart = (path: string) => path.split(/[/\\]/).at(-1)!;
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
  });
  return {
    ...files,
    [runFiles.curve]: new TextEncoder().encode(curve),
  };
}
