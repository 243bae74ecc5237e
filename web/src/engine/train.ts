import type { JobEvent, ReadyJob } from "lowrank/jobs";
import { onlyHere } from "../state/elsewhere.js";
import { forgetRun, newestOf, type Point, readAgain, type Run, saveRun } from "../state/runs.js";
import { failure, type Training, training } from "../state/training.js";
import { type Client, client } from "./client.js";
import { Clock } from "./clock.js";
import { encoderNamed } from "./encoders.js";
import { sourcesFrom } from "./job-sources.js";
import { modelAfter } from "./model.js";
import { runIn, storeOf } from "./stores.js";
import { WATCHED, watchedAfter } from "./watched.js";

let cancelling: AbortController | null = null;
/** The timing of the current run; null if it continues a run of an earlier visit. */
let clock = new Clock();
let began: number | null = null;
const seconds = () => performance.now() / 1000;
const leftOf = (ready: ReadyJob | null) =>
  ready && clock.left({ steps: ready.steps, evaluateEvery: ready.evaluateEvery, rest: ready.estimate.seconds.test });

const RESULTS = /^(adapter_config\.json|adapter_model\.safetensors|head\.safetensors|labels\.json|loss\.svg)$/;

/**
 * Trains, or continues a run from an earlier visit with its original spec and data. Null if it was paused, failed, or another tab trains
 * it.
 */
export async function train(given: Run): Promise<Run | null> {
  if (training.value !== null) return null;
  const run: Run = { ...given, status: "training" as const, error: null };
  cancelling = new AbortController();
  clock = new Clock();
  began = null;
  const { signal } = cancelling;
  failure.value = null;
  const nothing = {
    download: null,
    phase: null,
    tokensPerSecond: null,
    left: null,
    ready: null,
    checkpoint: null,
    watched: null,
  };
  const curves = { training: run.training, validation: run.validation };
  training.value = { ...nothing, ...curves, run, state: "starting", done: 0, total: 0, warnings: [], fellBack: false };
  try {
    return await onlyHere(
      run.id,
      () => void readAgain(run.id),
      () => trainHere(run, signal),
    );
  } finally {
    training.value = null;
    cancelling = null;
  }
}

async function trainHere(run: Run, signal: AbortSignal): Promise<Run | null> {
  try {
    // Without storage the run lasts as long as the page, which says so.
    await saveRun(run).catch(() => undefined);
    const job: Parameters<Client["runJob"]>[2] = {
      signal,
      onProgress: hear,
      showExamples: WATCHED,
      sources: sourcesFrom({
        encoder: encoderNamed(run.spec.model),
        dataOf: () => run.data,
        signal,
        onDownload: (download) => update({ state: "downloading", download }),
      }),
    };
    const { runJob } = await client();
    const runOn = (spec: Run["spec"]) => runIn(run.id, (store) => runJob(spec, store, job));
    const { result, files } = await runOn(run.spec).catch((error: unknown) => {
      // Without a graphics card, or with one that computes wrong numbers. One that fails later is an event.
      if (run.spec.device !== "webgpu" || (error as Error).name !== "UnsupportedError") throw error;
      update({ fellBack: true });
      return runOn({ ...run.spec, device: "wasm" });
    });
    const { report, predictions = [] } = result as Pick<Run, "report"> & Partial<Pick<Run, "predictions">>;
    const results = Object.fromEntries(Object.entries(files).filter(([name]) => RESULTS.test(name)));
    const drawn = training.value!;
    const ended = { training: drawn.training, validation: drawn.validation, report, predictions, files: results };
    const took = began === null ? {} : { seconds: seconds() - began };
    const finished = { ...run, ...ended, ...took, status: "finished" } as Run;
    await saveRun(finished).catch(() => undefined);
    return finished;
  } catch (error) {
    const paused = signal.aborted;
    if (!paused) failure.value = error;
    await modelAfter(error, encoderNamed(run.spec.model));
    // If data or settings are invalid, continuing does not help. Other errors may be temporary.
    const refused = !paused && (error as Error).name === "ConfigError";
    const message = paused ? null : String((error as Error).message);
    const { training: points, validation } = training.value!;
    const ended = { training: points, validation, error: message };
    await saveRun({ ...run, ...ended, status: refused ? "failed" : "paused" }).catch(() => undefined);
    return null;
  }
}

/** Stops within a step. The run can be continued from its last checkpoint. */
export function pause(): void {
  update({ state: "pausing" });
  cancelling?.abort();
}

/** Deletes a run and its files. It stays if another tab trains it, or has finished it meanwhile. */
export async function discard(run: Run): Promise<void> {
  if (training.value?.run.id === run.id) return;
  await onlyHere(
    run.id,
    () => void readAgain(run.id),
    async () => {
      if ((await newestOf(run)) !== run) return;
      const { discard } = await storeOf(run.id);
      await discard();
      await forgetRun(run.id);
    },
  );
}

function update(change: Partial<Training>): void {
  if (training.value !== null) training.value = { ...training.value, ...change };
}

function hear(event: JobEvent): void {
  const now = training.value;
  if (now === null) return;
  const state = now.state === "pausing" ? "pausing" : "running";
  switch (event.type) {
    case "warning":
      return update({ warnings: [...now.warnings, event.message] });
    case "fallback":
      return update({ fellBack: true, warnings: [...now.warnings, event.message] });
    case "ready": {
      began = event.job.resumedAfter === null ? seconds() : null;
      // Steps after the checkpoint are repeated.
      const kept = (points: readonly Point[]) => points.filter(({ step }) => step <= (event.job.resumedAfter ?? 0));
      return update({ ready: event.job, state, training: kept(now.training), validation: kept(now.validation) });
    }
    case "progress": {
      const { phase, done, total, loss, tokensPerSecond = null } = event;
      if (phase === "train") clock.step(done, seconds());
      const points = phase === "train" && loss !== undefined ? [...now.training, { step: done, loss }] : now.training;
      return update({ state, phase, done, total, tokensPerSecond, left: leftOf(now.ready), training: points });
    }
    case "evaluation": {
      const { step, loss, metrics } = event;
      clock.evaluated(seconds());
      const validation = [...now.validation, { step, loss, ...metrics }];
      return update({ validation, left: leftOf(now.ready), watched: watchedAfter(event, now.watched) });
    }
    case "checkpoint": {
      const { training, validation, run } = now;
      void saveRun({ ...run, training, validation }).catch(() => undefined);
      return update({ checkpoint: event.step });
    }
    default:
      return;
  }
}
