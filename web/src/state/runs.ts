import { computed, signal } from "@preact/signals";
import type {
  JobResult,
  JobSpec,
  MultiLabelJobResult,
  MultiLabelJobSpec,
  RegressJobResult,
  RegressJobSpec,
  TokenJobResult,
  TokenJobSpec,
} from "lowrank/jobs";
import { type Task, tasks } from "../data/target.js";
import { read, readAll, remove, write } from "../storage/database.js";
import type { SavedFiles } from "../engine/stores.js";
import { lookElsewhere } from "./elsewhere.js";

/** A point of a curve. */
export interface Point {
  readonly step: number;
  readonly loss: number;
  /** Metrics of the task on its rows, at the points of a validation. */
  readonly [metric: string]: number;
}

/** What differs between runs of different tasks. */
interface ByTask {
  readonly classify: { readonly spec: JobSpec; readonly result: JobResult };
  readonly "multi-label": { readonly spec: MultiLabelJobSpec; readonly result: MultiLabelJobResult };
  readonly regress: { readonly spec: RegressJobSpec; readonly result: RegressJobResult };
  readonly tokens: {
    readonly spec: TokenJobSpec;
    readonly result: TokenJobResult & { readonly predictions: readonly never[] };
  };
}

/** A run of a task, as the Studio stores it. Its checkpoint and results are in its store, under its id. */
export interface RunOf<T extends Task> {
  readonly id: string;
  /** Name of its data. */
  readonly name: string;
  /** Start time, in milliseconds since 1970. */
  readonly began: number;
  readonly status: "training" | "paused" | "finished" | "failed" | "loaded";
  readonly spec: ByTask[T]["spec"];
  /** Examples as JSON Lines. Continuing needs the same bytes. */
  readonly data: Uint8Array;
  /** Empty for numbers. */
  readonly labels: readonly string[];
  readonly examples: number;
  readonly report: ByTask[T]["result"]["report"] | null;
  readonly predictions: ByTask[T]["result"]["predictions"];
  /** Validation losses and training losses. */
  readonly training: readonly Point[];
  readonly validation: readonly Point[];
  readonly error: string | null;
  /** Seconds from ready to finished; missing if it was interrupted. */
  readonly seconds?: number;
  /** Adapter, head and labels, once they exist. */
  readonly files: SavedFiles | null;
}

/** A run of any task. */
export type Run = { readonly [T in Task]: RunOf<T> }[Task];

/** What a run is trained for. */
export const taskOf = ({ spec }: Pick<Run, "spec">): Task =>
  "multiLabel" in spec && spec.multiLabel ? "multi-label" : (tasks.find((task) => task === spec.task) ?? "classify");

/** Whether a run is of a task, for components of that task. */
export const isOf = <T extends Task>(task: T, run: Run): run is Extract<Run, RunOf<T>> => taskOf(run) === task;

export const runs = signal<readonly Run[]>([]);
const chosen = signal<string | null>(null);

/** The displayed run: the selected one, otherwise the newest finished one. */
export const run = computed(
  () =>
    runs.value.find(({ id }) => id === chosen.value) ??
    runs.value.find(({ status }) => status === "finished" || status === "loaded") ??
    null,
);
/** The run that was paused, or left unfinished by an earlier visit. */
export const unfinished = computed(
  () => runs.value.find(({ status }) => status === "paused" || status === "training") ?? null,
);

export const chooseRun = (id: string) => void (chosen.value = id);

const newest = (a: Run, b: Run) => b.began - a.began;

export async function loadRuns(): Promise<void> {
  const kept = await readAll<Run>("runs").catch(() => []);
  const unended = kept.filter(({ status }) => status === "training");
  await Promise.all(unended.map(({ id }) => lookElsewhere(id, () => void readAgain(id))));
  runs.value = [...kept].sort(newest);
}

/** Shows a run as it is stored now: another tab has trained or deleted it. */
export async function readAgain(id: string): Promise<void> {
  const kept = await read<Run>("runs", id).catch(() => undefined);
  if (kept === undefined) runs.value = runs.value.filter((run) => run.id !== id);
  else runs.value = runs.value.map((run) => (run.id === id ? kept : run));
}

/** The stored state of the run. Another tab may have finished it since this tab read it. */
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
