import { computed, signal } from "@preact/signals";
import type { JobSpec, RunReport, Sample } from "lowrank/jobs";
import { read, readAll, remove, write } from "../storage/database.js";
import type { SavedFiles } from "../engine/stores.js";

/** Points of a curve. */
export interface Point {
  readonly step: number;
  readonly loss: number;
  /** Share of the validation that is right, at its points. */
  readonly accuracy?: number;
}

/** A run, as the studio remembers it. Its checkpoint and results lie in its store, under its id. */
export interface Run {
  readonly id: string;
  /** What its data were called. */
  readonly name: string;
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
  readonly status: "training" | "paused" | "finished" | "failed" | "loaded";
  readonly spec: JobSpec;
  /** What it learns from: JSON Lines, the same bytes whenever it goes on. */
  readonly data: Uint8Array;
  readonly labels: readonly string[];
  readonly examples: number;
  readonly report: RunReport | null;
  readonly predictions: readonly Sample[];
  /** Losses on the validation as they came, and those of training. */
  readonly training: readonly Point[];
  readonly validation: readonly Point[];
  readonly error: string | null;
  /** Seconds from its being ready to its end; missing where it was broken off. */
  readonly seconds?: number;
  /** Adapter, head and labels, once there are any. */
  readonly files: SavedFiles | null;
}

export const runs = signal<readonly Run[]>([]);
const chosen = signal<string | null>(null);

/** The run that is looked at: the one chosen, else the newest that is finished. */
export const run = computed(
  () =>
    runs.value.find(({ id }) => id === chosen.value) ??
    runs.value.find(({ status }) => status === "finished" || status === "loaded") ??
    null,
);
/** One that an earlier visit, or a pause, left in the middle. */
export const unfinished = computed(
  () => runs.value.find(({ status }) => status === "paused" || status === "training") ?? null,
);

export const chooseRun = (id: string) => void (chosen.value = id);

const newest = (a: Run, b: Run) => b.began - a.began;

export async function loadRuns(): Promise<void> {
  const kept = await readAll<Run>("runs").catch(() => []);
  runs.value = [...kept].sort(newest);
}

/** The run as it is kept: another tab may have finished it since this one has read it. */
export async function newestOf(run: Run): Promise<Run> {
  const kept = await read<Run>("runs", run.id).catch(() => undefined);
  if (kept?.status !== "finished" || run.status === "finished") return run;
  runs.value = runs.value.map((known) => (known.id === run.id ? kept : known));
  return kept;
}

export async function saveRun(run: Run): Promise<void> {
  runs.value = [run, ...runs.value.filter(({ id }) => id !== run.id)].sort(newest);
  await write("runs", run.id, run);
}

export async function forgetRun(id: string): Promise<void> {
  runs.value = runs.value.filter((run) => run.id !== id);
  await remove("runs", id);
}
