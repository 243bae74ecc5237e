import { signal } from "@preact/signals";
import type { JobEvent } from "lowrank/jobs";
import { elsewhere, lookElsewhere, onlyHere } from "../state/elsewhere.js";
import { read, write } from "../storage/database.js";
import { registerPage } from "../storage/page-values.js";
import { after, atStart, type Curves, type JobProgress } from "./job-progress.js";

/** What a page's training is stored with. */
export interface StoredRun extends Curves {
  readonly id: string;
  readonly status: "training" | "paused" | "finished";
}

/** The one training of a page, stored under this key for the next visit, and its state. */
export function storedTraining<R extends StoredRun>(key: string) {
  const run = signal<R | null>(null);
  const progress = signal<JobProgress | null>(null);
  const problem = signal<unknown>(null);
  let cancelling: AbortController | null = null;
  const store = (now: R) => write("project", key, now);
  const stored = () => read<R>("project", key).catch(() => undefined);
  /** Shows what another tab has left of a run. */
  const again = async (id: string) => {
    const kept = await stored();
    if (run.value?.id === id && progress.value === null) run.value = kept === undefined ? null : ended(kept);
  };
  /** A run whose tab is gone can be continued. */
  const ended = (kept: R): R =>
    kept.status === "training" && !elsewhere.value.has(kept.id) ? { ...kept, status: "paused" } : kept;
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

    /** Restores the run of an earlier visit, or one that another tab trains. */
    async find(): Promise<void> {
      if (run.value !== null) return;
      const kept = await stored();
      if (kept?.status === "training") await lookElsewhere(kept.id, () => void again(kept.id));
      if (kept !== undefined && run.value === null && progress.value === null) run.value = ended(kept);
    },

    /** Starts or continues a run, with the signal that pauses it. Nothing happens if another tab trains it. */
    async start(given: R, work: (started: R, signal: AbortSignal) => Promise<void>): Promise<void> {
      if (progress.value !== null) return;
      const { signal } = (cancelling = new AbortController());
      problem.value = null;
      const started: R = { ...given, status: "training" };
      run.value = started;
      progress.value = atStart;
      try {
        await onlyHere(
          given.id,
          () => void again(given.id),
          () => work(started, signal),
        );
      } finally {
        progress.value = null;
      }
    },

    /** Deletes what is stored for a run, by `work`, unless another tab trains it. */
    async deleting(id: string, work: () => Promise<void>): Promise<void> {
      await onlyHere(id, () => void again(id), work);
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
