import { lossCurve } from "../../pictures/loss-curve.js";
import { entityDifference } from "../../train/metrics/entity-difference.js";
import type { FitReport } from "../../train/fit-options.js";
import { fit } from "../../train/fit.js";
import { tokenMetrics } from "../../tasks/tokens/token-metrics.js";
import { scoresOf } from "../../tasks/tokens/token-scores.js";
import type { JobEstimate } from "../estimate/job-estimate.js";
import { chosenByLoss, followSteps } from "../followed-steps.js";
import type { FinishedJob, JobContext } from "../job-task.js";
import { explainDivergence, lostItsWay } from "../result/divergence.js";
import { lastPart } from "../result/last-part.js";
import { formatPercent } from "../result/percent.js";
import { reportEngine, reportFile, reportProgram, reportTraining } from "../result/run-report.js";
import { formatTargets } from "../spec/training-settings.js";
import type { Resumed } from "../store/checkpoint-file.js";
import { originOf } from "../store/origin-check.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { TokenRun } from "../store/run-state.js";
import type { PreparedTokens } from "./prepared-tokens.js";
import { measured, measureTokenBaseline } from "./token-baseline.js";
import type { TokenFile } from "./token-dataset.js";
import type { TokenBaseline, TokenReport } from "./token-report.js";

/** Measures the baseline, trains with checkpoints to the store, measures what that gave, and gives adapter, head, report and picture. */
export async function trainTokens(
  prepared: PreparedTokens,
  estimate: JobEstimate,
  store: RunStore,
  resumed: Resumed | null,
  context: JobContext,
): Promise<FinishedJob> {
  const { settings, classifier, dataset } = prepared;
  const baseline =
    resumed === null ? await measureTokenBaseline(prepared, context) : (resumed.run as TokenRun).baseline;
  const fitted = settings.headOnly ? null : await trainSteps(prepared, baseline, store, resumed, context);
  const { metrics: after, entities } =
    fitted === null
      ? { metrics: baseline.headOnly!, entities: null }
      : await measured(prepared, classifier.modelAdapter, "validate", context);
  const { headEntities, ...known } = baseline;
  const overHeadAlone = entities && headEntities && (await entityDifference(entities, headEntities, context.signal));
  const steps = fitted?.steps ?? [];
  const diverged = fitted === null ? null : lostItsWay(steps, classifier.labels.length, context.words);
  if (diverged !== null) context.emit({ type: "warning", message: diverged });
  const { engine, model, modelHash, parameters, machine } = prepared;
  const part = ({ file, sha256, examples }: TokenFile) => ({ file, sha256, examples: examples.length });
  const { train, validation, test, labels } = dataset;
  const peakMemory = classifier.encoder.graph.engine.info.memory.peak;
  const report: TokenReport = {
    ...reportProgram(),
    settings,
    model: { name: model.name, source: settings.model, sha256: modelHash },
    data: { train: part(train), validation: part(validation), test: test && part(test), labels },
    parameters,
    engine: reportEngine(engine, machine),
    result: {
      ...{ ...known, after, overHeadAlone },
      recommended: overHeadAlone === null ? null : overHeadAlone.interval[0] > 0 ? "adapter" : "head-only",
      measuredOn: test === null ? "validation" : "test",
    },
    ...{ evaluation: fitted?.evaluation ?? null, estimate },
    training: reportTraining(steps, { peakMemory, diverged: diverged !== null }),
    steps,
  };
  const files = { ...classifier.save(), [runFiles.report]: reportFile(report), ...pictureOf(report) };
  return { files, result: { report } };
}

/** Trains, watched by the loss on the validation, which chooses the step that is kept. */
async function trainSteps(
  prepared: PreparedTokens,
  baseline: TokenBaseline,
  store: RunStore,
  resumed: Resumed | null,
  context: JobContext,
): Promise<FitReport> {
  const { settings, steps, classifier, dataset, training, learnt, evaluateEvery } = prepared;
  const { emit, signal, words } = context;
  const run: TokenRun = { settings, ...originOf({ ...prepared, ...dataset }), baseline };
  const { options, done } = followSteps(run, steps, store, resumed, context);
  const { examples } = dataset.validation;
  const measure = async () => {
    const { parts, labels, modelAdapter } = classifier;
    const texts = examples.map(({ text }) => text);
    const scores = await scoresOf(parts, texts, modelAdapter, { signal });
    return tokenMetrics(labels, examples, scores, parts.tokenizer.maxTokens, false).metrics;
  };
  const watching = chosenByLoss(
    evaluateEvery,
    settings.patience,
    resumed,
    measure,
    (step, { loss, accuracy, f1 }, best) => emit({ type: "evaluation", step, loss, accuracy, f1, best }),
  );
  return fit(training.task, learnt, { ...training.options, ...options, ...watching }).catch((error: unknown) => {
    throw explainDivergence(error, done() + 1, words);
  });
}

/** The loss curve; nothing where no step was taken. */
function pictureOf({ settings, model, data, steps, result, evaluation }: TokenReport): Record<string, Uint8Array> {
  if (steps.length === 0) return {};
  const { rank, alpha, targetModules, batchSize } = settings;
  const { headOnly, after } = result;
  const curve = lossCurve(steps, {
    title: `${lastPart(model.name)} with LoRA: entity F1 ${formatPercent(after.f1)}`,
    subtitle: [
      ...(headOnly === null ? [] : [`head alone ${formatPercent(headOnly.f1)}`]),
      `rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`,
      `${steps.length} steps of ${batchSize}`,
      lastPart(data.train.file),
    ].join(" · "),
    classes: data.labels.length,
    ...(evaluation && { validation: evaluation }),
  });
  return { [runFiles.curve]: new TextEncoder().encode(curve) };
}
