import { measureTokens } from "../../models/language/training/fit-language.js";
import { lossCurve } from "../../pictures/loss-curve.js";
import { fit } from "../../train/fit.js";
import type { EvaluateEvery, FitReport } from "../../train/fit-options.js";
import { exp } from "../../values/elementary.js";
import { chosenByLoss, followSteps } from "../followed-steps.js";
import type { FinishedJob, JobContext } from "../job-task.js";
import { explainDivergence } from "../result/divergence.js";
import { lastPart } from "../result/last-part.js";
import { reportEngine, reportFile, reportProgram, reportTraining } from "../result/run-report.js";
import { formatTargets } from "../spec/training-settings.js";
import type { Resumed } from "../store/checkpoint-file.js";
import { originOf } from "../store/origin-check.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { LanguageRun } from "../store/run-state.js";
import type { HeldOutLoss, LanguageReport } from "./language-report.js";
import { ADAPTER, type PreparedLanguage } from "./prepared-language.js";
import type { LanguageEstimate } from "./ready-language.js";
import { ggufFiles } from "./run-gguf.js";
import { countTokens } from "./tokenized.js";

/** Trains, with checkpoints to the store, and gives adapter, report and picture. */
export async function trainLanguage(
  prepared: PreparedLanguage,
  estimate: LanguageEstimate,
  store: RunStore,
  resumed: Resumed | null,
  context: JobContext,
): Promise<FinishedJob> {
  const { settings, steps, task, learnt, fitting, model } = prepared;
  const { emit, words } = context;
  const run: LanguageRun = { settings, ...originOf({ ...prepared, test: null }) };
  const { options, done } = followSteps(run, steps, store, resumed, context);
  const fitted = await fit(task, learnt, {
    ...fitting,
    ...options,
    ...watching(prepared, context, resumed),
  }).catch((error: unknown) => {
    throw explainDivergence(error, done() + 1, words);
  });
  const report = reportOf(prepared, fitted, estimate);
  if (report.result?.step === 0)
    emit({
      type: "warning",
      message: `no step was better on what is held out than the model as it is, which is kept: try another ${words.setting("learningRate")} or more data`,
    });
  const files = {
    ...model.saveAdapter(ADAPTER),
    ...(await ggufFiles(prepared, context)),
    [runFiles.report]: reportFile(report),
    [runFiles.curve]: new TextEncoder().encode(pictureOf(report)),
  };
  return { files, result: { report } };
}

/** How training is watched: by the loss on what is held out, which chooses the step that is kept. */
function watching(
  { settings, evaluateEvery: every, model, held }: PreparedLanguage,
  { emit, signal }: JobContext,
  resumed: Resumed | null,
): { evaluate?: EvaluateEvery } {
  return chosenByLoss(
    every,
    settings.patience,
    resumed,
    () => measureTokens(model, ADAPTER, held, { signal }),
    (step, { loss }, best) => emit({ type: "evaluation-language", step, loss, perplexity: exp(loss), best }),
  );
}

const lossOf = (loss: number): HeldOutLoss => ({ loss, perplexity: exp(loss) });

function reportOf(
  prepared: PreparedLanguage,
  { steps, evaluation }: FitReport,
  estimate: LanguageEstimate,
): LanguageReport {
  const { settings, engine, source, modelHash, train, validation, learnt, held, parameters, model, machine } = prepared;
  const { diverged: _, ...training } = reportTraining(steps, {
    peakMemory: model.graph.engine.info.memory.peak,
    diverged: false,
  });
  const part = ({ file, sha256 }: typeof train, tokens: typeof learnt) => ({
    ...{ file, sha256, examples: tokens.length, ...countTokens(tokens) },
  });
  return {
    ...reportProgram(),
    settings,
    model: { name: source.name, source: settings.model, sha256: modelHash },
    data: { train: part(train, learnt), validation: held.length === 0 ? null : part(validation, held) },
    parameters,
    engine: reportEngine(engine, machine),
    result: evaluation && {
      before: lossOf(evaluation.measured[0]!.value),
      after: lossOf(evaluation.best.value),
      step: evaluation.best.step,
    },
    ...{ evaluation, estimate, training, steps },
  };
}

/** The loss curve, with what was held out. */
function pictureOf({ settings, model, data, steps, result, evaluation }: LanguageReport): string {
  const { rank, alpha, targetModules, batchSize } = settings;
  const held =
    result && `perplexity ${result.before.perplexity.toFixed(1)} before, ${result.after.perplexity.toFixed(1)} after`;
  return lossCurve(steps, {
    title: `${lastPart(model.name)} with LoRA${held === null ? "" : `: ${held}`}`,
    subtitle: [
      `rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`,
      `${steps.length} steps of ${batchSize}`,
      lastPart(data.train.file),
    ].join(" · "),
    ...(evaluation && { validation: evaluation }),
  });
}
