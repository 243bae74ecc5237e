import { signal } from "@preact/signals";
import type { JobEvent } from "lowrank/jobs";
import { read, write } from "../storage/database.js";
import { registerPage } from "../storage/page-values.js";
import { after, atStart, type Curves, type JobProgress } from "./job-progress.js";

/** What a page's training is stored with. */
export interface StoredRun extends Curves {
  readonly status: "training" | "paused" | "finished";
}

/** The one training of a page, stored under this key for the next visit, and its state. */
export function storedTraining<R extends StoredRun>(key: string) {
  const run = signal<R | null>(null);
  const progress = signal<JobProgress | null>(null);
  const problem = signal<unknown>(null);
  let cancelling: AbortController | null = null;
  const store = (now: R) => write("project", key, now);
  registerPage(key, {
    get: () => run.value,
    show(value) {
      run.value = value as R | null;
      problem.value = null;
    },
    isBusy: () => progress.value !== null,
  });
  return {
    run,
    /** Null while nothing is trained. */
    progress,
    /** Why the last training ended early; null if it did not, or was paused. */
    problem,

    /** Shows a run, and stores it for the next visit. A page without storage says so, and has it until it is closed. */
    async remember(now: R): Promise<void> {
      run.value = now;
      await store(now).catch(() => undefined);
    },

    /** Restores the run of an earlier visit. */
    async find(): Promise<void> {
      if (run.value !== null) return;
      const kept = await read<R>("project", key).catch(() => undefined);
      if (kept !== undefined && run.value === null)
        run.value = kept.status === "training" ? { ...kept, status: "paused" } : kept;
    },

    /** The state of a run that is starting or continuing, and the signal that pauses it. */
    start(given: R): { readonly started: R; readonly signal: AbortSignal } {
      cancelling = new AbortController();
      problem.value = null;
      const started: R = { ...given, status: "training" };
      run.value = started;
      progress.value = atStart;
      return { started, signal: cancelling.signal };
    },

    /** Stops within a step. The run can be continued from its last checkpoint. */
    pause(): void {
      if (progress.value !== null) progress.value = { ...progress.value, stopping: true };
      cancelling?.abort();
    },

    /** Shows an event of the training. */
    hear(event: JobEvent): void {
      const [before, now] = [progress.value, run.value];
      if (before === null || now === null) return;
      const [shown, curves] = after(event, before, now);
      progress.value = shown;
      const next: R = { ...now, ...curves };
      run.value = next;
      if (event.type === "checkpoint") void store(next).catch(() => undefined);
    },
  };
}
