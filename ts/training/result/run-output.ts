import type { FileMap } from "../../io/file-access.js";
import { lossCurve } from "../../pictures/loss-curve.js";
import type { TaskFile } from "../data/parts.js";
import type { JobEstimate } from "../estimate/job-seconds.js";
import type { FinalResult } from "../final-fit.js";
import type { Prepared } from "../prepare.js";
import { formatTargets } from "../spec/training-settings.js";
import { runFiles } from "../store/run-store.js";
import type { FileExample, TokenizedExample } from "../task-definition.js";
import type { Trained } from "../train-run.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type TaskReport } from "./report.js";

/** The last part of a path or address, for pictures. */
const lastPart = (path: string): string => path.split(/[/\\]/).at(-1)!;

/** The result of a run. */
export function reportOf(
  prepared: Prepared,
  { outcome, steps, evaluation, diverged }: Trained,
  estimate: JobEstimate,
  final: FinalResult | null,
): TaskReport {
  const { task, settings, engine, source, modelHash, data, tokens, model, machine } = prepared;
  const part = ({ file, sha256, examples }: TaskFile<FileExample>, tokenized: readonly TokenizedExample[]) => ({
    file,
    sha256,
    examples: examples.length,
    ...model.counts?.(tokenized),
  });
  const { train, validation, test, labels } = data;
  const peakMemory = model.graph.engine.info.memory.peak;
  return {
    ...reportProgram(),
    task,
    settings,
    model: { name: source.name, source: settings.model, sha256: modelHash },
    data: {
      train: part(train, tokens.train),
      validation: part(validation, tokens.validation),
      test: test && part(test, tokens.measured),
      labels,
      ...outcome.data,
    },
    parameters: model.parameters,
    engine: reportEngine(engine, machine),
    metrics: outcome.metrics,
    result: outcome.result,
    evaluation,
    estimate,
    ...(final !== null && { finalFit: final.reported }),
    training: reportTraining(steps, { peakMemory, diverged: (diverged ?? final?.diverged ?? null) !== null }),
    steps,
  };
}

/** The report as a file and the loss curve, if steps were taken. */
export function outputFiles(
  report: TaskReport,
  { outcome: { curve } }: Trained,
  { chosenBy }: Pick<Prepared, "chosenBy">,
): FileMap {
  const file = { [runFiles.report]: reportFile(report) };
  if (report.steps.length === 0) return file;
  const { settings, model, data, steps, evaluation } = report;
  const { rank, alpha, targetModules, batchSize } = settings;
  const subtitle = [
    ...curve.yardsticks,
    `rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`,
    `${steps.length} steps of ${batchSize}`,
    lastPart(data.train.file),
  ];
  const picture = lossCurve(steps, {
    title: `${lastPart(model.name)} with LoRA${curve.title === "" ? "" : `: ${curve.title}`}`,
    subtitle: subtitle.join(" · "),
    ...(data.labels.length > 0 && (curve.ofClasses ?? true) && { classes: data.labels.length }),
    // The picture's unit is the loss.
    ...(evaluation && chosenBy === undefined && { validation: evaluation }),
  });
  return { ...file, [runFiles.curve]: new TextEncoder().encode(picture) };
}
