import { basename } from "node:path";
import type { FileMap } from "../io/file-map.js";
import { lossCurve } from "../cli/loss-curve.js";
import { formatPercent } from "../cli/terminal/number-format.js";
import { runFiles } from "../cli/files/run-folder.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type RunReport } from "./run-report.js";
import type { Prepared, Trained } from "./train-run.js";
import { formatTargets } from "./training-settings.js";

/** What is known after a run, put together. */
export function reportOf(prepared: Prepared, trained: Trained): RunReport {
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
    engine: reportEngine(engine),
    result: { ...baseline, after },
    training: reportTraining(steps, peakMemory),
    steps,
  };
}

/** Everything that a finished run leaves in its folder. */
export function outputFiles({ classifier, dataset, settings }: Prepared, report: RunReport): FileMap {
  const { before, headOnly, after } = report.result;
  const name = report.model.name.split(/[/\\]/).at(-1)!;
  const subtitle = [
    headOnly === null ? "" : `head alone ${formatPercent(headOnly.accuracy)}`,
    `rank ${settings.rank}, alpha ${settings.alpha} on ${formatTargets(settings.targetModules)}`,
    `${report.training.steps} steps of ${settings.batchSize}`,
    basename(dataset.train.file),
  ];
  const curve = lossCurve(report.steps, {
    title: `${name} with LoRA: ${formatPercent(before.accuracy)} → ${formatPercent(after.accuracy)} of test texts right`,
    subtitle: subtitle.filter(Boolean).join(" · "),
    classes: dataset.labels.length,
  });
  return {
    ...classifier.save(),
    [runFiles.report]: reportFile(report),
    [runFiles.curve]: new TextEncoder().encode(curve),
  };
}

/** The report without its steps: what a script wants to know. */
export function withoutSteps(folder: string, { steps: _, ...report }: RunReport) {
  return { run: folder, ...report };
}
