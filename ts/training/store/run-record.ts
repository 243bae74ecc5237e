import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError, FormatError, LowrankError } from "../../errors/errors.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { VERSION } from "../../version.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import type { RunSettings } from "../spec/run-settings.js";
import type { TaskTable } from "../task-definition.js";
import { readCheckpoint, readFinal } from "./checkpoint-file.js";
import { runFiles, type RunStore, takeStore } from "./run-store.js";

const FORMAT = "lowrank-run-1";

/** A run's status. After a process was killed, its last status stays, so the process of a "training" run may be gone. */
const runStates = ["preparing", "training", "interrupted", "failed"] as const;

/** run.json: the state of an unfinished run, from its start. The report replaces it at the end. */
interface RunRecord {
  readonly status: (typeof runStates)[number];
  /** Version of this package. */
  readonly lowrank: string;
  /** Times of the run's start and of this record; ISO 8601. */
  readonly began: string;
  readonly changed: string;
  /** Optimizer steps in all; null until the data are read. */
  readonly steps: number | null;
  /** The fit on all rows: its steps, from its start; omitted before. */
  readonly finalFit?: { readonly steps: number };
  /** The error, if the status is "failed". */
  readonly error: { readonly code: string; readonly message: string; readonly step: number | null } | null;
  /** The whole spec. */
  readonly settings: RunSettings;
}

/** Reads run.json; null if the store has none. Throws `FormatError` if it is damaged. */
async function readRecord(store: RunStore, tasks: TaskTable): Promise<RunRecord | null> {
  const bytes = await store.read(runFiles.record);
  return bytes === null ? null : parseRecord(bytes, store.place(runFiles.record), tasks);
}

function parseRecord(bytes: Uint8Array, path: string, tasks: TaskTable): RunRecord {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const record = parseJsonObject(bytes, fail) as unknown as RunRecord & { readonly format: unknown };
  try {
    if (record.format !== FORMAT) throw unexpected("run", "format", `"${FORMAT}"`, record.format);
    oneOf("run", "status", record.status, runStates);
    for (const name of ["lowrank", "began", "changed"] as const)
      if (typeof record[name] !== "string") throw unexpected("run", name, "text", record[name]);
    if (record.error !== null && typeof (record.error as { message?: unknown } | undefined)?.message !== "string")
      throw unexpected("run", "error", "null or { code, message, step }", record.error);
    checkTaskSettings("run", record.settings, tasks);
    if (record.steps !== null) whole("run", "steps", record.steps, record.settings.headOnly ? 0 : 1);
    const { finalFit } = record as { readonly finalFit?: unknown };
    if (finalFit !== undefined && !isJsonObject(finalFit))
      throw unexpected("run", "finalFit", "an object with its steps", finalFit);
    if (finalFit !== undefined) whole("run", "finalFit.steps", finalFit["steps"]);
    return record;
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw fail(cause.message, cause);
  }
}

/** Writes run.json during a run, and restores the old one if the run does not start. */
export class RecordWriter {
  private written = false;

  private constructor(
    private readonly store: RunStore,
    private readonly settings: RunSettings,
    private readonly began: string,
    private steps: number | null,
    private finalFit: RunRecord["finalFit"],
    private readonly before: Uint8Array | null,
  ) {}

  /** The record of a new or resumed run; writes nothing yet. */
  static async of(store: RunStore, settings: RunSettings, resumes: boolean, tasks: TaskTable): Promise<RecordWriter> {
    const before = await store.read(runFiles.record);
    const known = resumes ? await readRecord(store, tasks) : null;
    const { began = new Date().toISOString(), steps = null, finalFit } = known ?? {};
    return new RecordWriter(store, settings, began, steps, finalFit, before);
  }

  prepare(): Promise<void> {
    return this.write("preparing", null);
  }

  train(steps: number): Promise<void> {
    this.steps = steps;
    return this.write("training", null);
  }

  /** The fit on all rows begins. */
  trainFinal(steps: number): Promise<void> {
    this.finalFit = { steps };
    return this.write("training", null);
  }

  interrupt(): Promise<void> {
    return this.write("interrupted", null);
  }

  fail(error: unknown): Promise<void> {
    const message = error instanceof Error ? error.message : String(error);
    const { code, details } = error instanceof LowrankError ? error : { code: "OTHER", details: {} };
    const { step } = details as { step?: unknown };
    return this.write("failed", { code, message, step: Number.isSafeInteger(step) ? (step as number) : null });
  }

  /** Restores what was there before the run. */
  async undo(): Promise<void> {
    if (!this.written) return;
    if (this.before === null) await this.store.remove(runFiles.record);
    else await this.store.write({ [runFiles.record]: this.before });
  }

  private async write(status: RunRecord["status"], error: RunRecord["error"]): Promise<void> {
    const { began, steps, finalFit, settings } = this;
    const changed = new Date().toISOString();
    const fits = { steps, ...(finalFit && { finalFit }) };
    const record: RunRecord = { status, lowrank: VERSION, began, changed, ...fits, error, settings };
    const text = JSON.stringify({ format: FORMAT, ...record }, null, 2);
    this.written = true;
    await this.store.write({ [runFiles.record]: new TextEncoder().encode(`${text}\n`) });
  }
}

/** The status of a run in a store. */
export interface RunStatus<S = RunSettings> {
  /** A killed process leaves "preparing" or "training". "failed": an error ended the run, such as diverged training. */
  readonly status: RunRecord["status"] | "finished";
  /** The full spec of an unfinished run; a finished run's is in report.json. */
  readonly settings: S | null;
  /** Completed steps of its checkpoint; null without one. During the final fit those of the first fit, which is complete. */
  readonly step: number | null;
  /** Steps in all; null if not known yet. */
  readonly steps: number | null;
  /** The final fit, on all rows, once it has begun: completed steps of its checkpoint, 0 without one, and steps in all; otherwise null. */
  readonly finalFit: { readonly step: number; readonly steps: number | null } | null;
  /** Time of the start, ISO 8601; null if not recorded. */
  readonly began: string | null;
  /** Time of the last change of status; null if not recorded. */
  readonly changed: string | null;
  /** The error, if it failed. */
  readonly error: string | null;
}

const nothing = {
  settings: null,
  step: null,
  steps: null,
  finalFit: null,
  began: null,
  changed: null,
  error: null,
};

/**
 * The status of the run in a store; null if there is none. Throws `FormatError` for damaged files and `ConfigError` for an invalid store.
 */
export async function readStatus(store: RunStore, tasks: TaskTable): Promise<RunStatus | null> {
  const taken = takeStore("runStatus", store);
  const resumable = await readCheckpoint(taken, tasks);
  if (resumable === null && (await taken.has(runFiles.report))) return { ...nothing, status: "finished" };
  const record = await readRecord(taken, tasks);
  if (record === null && resumable === null) return null;
  const final = resumable === null ? null : await readFinal(taken, tasks, resumable);
  const begun = final !== null || record?.finalFit !== undefined;
  return {
    status: record?.status ?? "interrupted",
    settings: resumable?.run.settings ?? record!.settings,
    step: resumable?.checkpoint.step ?? null,
    steps: record?.steps ?? resumable?.run.settings.steps ?? null,
    finalFit: begun ? { step: final?.checkpoint.step ?? 0, steps: record?.finalFit?.steps ?? null } : null,
    began: record?.began ?? null,
    changed: record?.changed ?? null,
    error: record?.error?.message ?? null,
  };
}
