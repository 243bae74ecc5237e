import { estimateJob } from "./estimate/job-estimate.js";
import type { JobEstimate } from "./estimate/job-estimate.js";
import type { JobTask } from "./job-task.js";
import { checkResumable, prepare, readyJob } from "./prepare.js";
import { outputFiles, reportOf } from "./result/run-output.js";
import type { JobResult } from "./run-job.js";
import type { TrainingSettings } from "./spec/training-settings.js";
import type { Resumed } from "./store/checkpoint-file.js";
import type { ClassifierRun } from "./store/run-state.js";
import { train } from "./train-run.js";

const own = (resumed: Resumed | null) => resumed as Resumed<ClassifierRun> | null;

/** Training an adapter and a classification head on labelled texts. */
export const classifierJob: JobTask = {
  async prepare(settings, context) {
    const machine = context.sources.machine();
    const prepared = await prepare(settings as TrainingSettings, context);
    let estimate: JobEstimate | null = null;
    return {
      steps: prepared.steps,
      checkResumable: (store, resumed, words) => checkResumable(store, own(resumed)!, prepared, words),
      async ready(resumed, given) {
        estimate = await estimateJob(prepared, resumed?.checkpoint.step ?? null, given);
        return { type: "ready", job: readyJob(prepared, resumed, estimate) };
      },
      async train(store, resumed, given) {
        const trained = await train(prepared, store, own(resumed), given);
        const report = reportOf(prepared, trained, { machine, estimate: estimate! });
        const result: JobResult = { report, predictions: trained.predictions };
        return { files: outputFiles(prepared, report), result };
      },
      dispose: () => prepared.encoder.dispose(),
    };
  },
};
