import { ConfigError, FormatError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { readSafetensors, type TensorFile, writeSafetensors } from "../../io/safetensors/index.js";
import { oneOf, unexpected, whole } from "../../arguments/settings.js";
import type { Tensor } from "../../values/tensor.js";
import { checkCheckpoint, type CheckpointFit } from "../../train/checkpoint.js";
import type { Checkpoint, EvaluationState, StepRecord } from "../../train/fit-options.js";
import type { TaskTable } from "../task-definition.js";
import { checkHash, objectAt, type RunState } from "./run-state.js";
import { runFiles, type RunStore } from "./run-store.js";
import { checkTaskSettings } from "../spec/read-settings.js";
import { taskOf } from "../spec/run-settings.js";

const FORMAT = "lowrank-checkpoint-4";

/** JSON in the file's metadata, beside the tensors. */
interface State {
  readonly step: number;
  readonly streams: number;
  readonly optimizerSteps: readonly number[];
  /** Length in bytes of the history of the steps so far. */
  readonly historyBytes: number;
  /** Validation losses so far, and the step whose parameters are kept as well; null if none are measured. */
  readonly evaluation: { readonly measured: EvaluationState["measured"]; readonly best: number | null } | null;
  readonly run: RunState;
}

/** The blobs of a fit. */
export interface CheckpointBlobs {
  readonly checkpoint: string;
  readonly history: string;
}

/** The blobs of the final fit. */
export const finalBlobs: CheckpointBlobs = { checkpoint: runFiles.finalCheckpoint, history: runFiles.finalHistory };

/** A checkpoint to resume from. */
export interface Resumed {
  readonly checkpoint: Checkpoint;
  readonly run: RunState;
  readonly history: HistoryLength;
}

/**
 * Writes the checkpoints of a run: one safetensors file, parameters and optimizer buffers as tensors and the rest as JSON in its metadata,
 * so that a single write replaces the last one. The steps so far are in a separate blob, which is written first.
 */
export class CheckpointWriter {
  private readonly history: HistoryFile;
  /** Whether the store has a checkpoint that refers to the history. */
  private kept: boolean;

  constructor(
    private readonly store: RunStore,
    private readonly run: RunState,
    resumed: Resumed | null,
    private readonly blobs: CheckpointBlobs = runFiles,
  ) {
    this.history = new HistoryFile(store, blobs.history, resumed?.history);
    this.kept = resumed !== null;
  }

  /** Replaces the checkpoint. If the first one fails, its history is removed too. */
  async write(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.put(checkpoint);
      this.kept = true;
    } catch (error) {
      // Report the first error.
      if (!this.kept) await this.store.remove(this.blobs.history).catch(() => undefined);
      throw error;
    }
  }

  private async put({ step, parameters, optimizer, streams, history, evaluation }: Checkpoint): Promise<void> {
    const { bytes: historyBytes } = await this.history.append(history);
    const tensors = new Map<string, Tensor>();
    parameters.forEach((tensor, i) => {
      tensors.set(`parameter.${i}`, tensor);
      for (const [name, buffer] of Object.entries(optimizer.buffers[i]!)) tensors.set(`optimizer.${i}.${name}`, buffer);
    });
    evaluation?.best?.parameters.forEach((tensor, i) => tensors.set(`best.${i}`, tensor));
    const watched = evaluation === undefined ? null : { ...evaluation, best: evaluation.best?.step ?? null };
    const state: State = {
      step,
      streams,
      optimizerSteps: optimizer.steps,
      historyBytes,
      evaluation: watched,
      run: this.run,
    };
    const bytes = writeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(state) });
    await this.store.write({ [this.blobs.checkpoint]: bytes });
  }
}

/** Reads a checkpoint; null if the store has none. Throws `FormatError` if it or its history is damaged. */
export async function readCheckpoint(
  store: Pick<RunStore, "read" | "place">,
  tasks: TaskTable,
  blobs: CheckpointBlobs = runFiles,
): Promise<Resumed | null> {
  const bytes = await store.read(blobs.checkpoint);
  if (bytes === null) return null;
  const opened = openCheckpoint(bytes, store.place(blobs.checkpoint), tasks);
  const { bytes: length } = opened.history;
  const history = length === 0 ? null : await store.read(blobs.history, length);
  return opened.finish(history, store.place(blobs.history));
}

/**
 * Reads the checkpoint of a run's final fit; null if there is none, or only that of another run, whose own checkpoint was removed. Throws as
 * `readCheckpoint`.
 */
export async function readFinal(
  store: Pick<RunStore, "read" | "place">,
  tasks: TaskTable,
  { run }: Pick<Resumed, "run">,
): Promise<Resumed | null> {
  const found = await readCheckpoint(store, tasks, finalBlobs);
  return found !== null && JSON.stringify(found.run) === JSON.stringify(run) ? found : null;
}

/** A checkpoint whose history is still to be read: the bytes that `history` names. Throws as `readCheckpoint`; `path` is for messages. @internal exported for its tests */
export function openCheckpoint(bytes: Uint8Array, path: string, tasks: TaskTable) {
  const file = readSafetensors(bytes, path);
  const { step, streams, optimizerSteps, historyBytes, evaluation, run } = readState(file, path, tasks);
  const history = { steps: step, bytes: historyBytes };
  return {
    history,
    finish(found: Uint8Array | null, historyPath: string): Resumed {
      const parameters = optimizerSteps.map((_, i) => file.tensor(`parameter.${i}`));
      const optimizer = { steps: optimizerSteps, buffers: readBuffers(file, optimizerSteps.length) };
      const records = parseHistory(found, history, historyPath);
      const checkpoint: Checkpoint = {
        step,
        streams,
        parameters,
        optimizer,
        history: records,
        ...(evaluation !== null && { evaluation: readEvaluation(file, evaluation, optimizerSteps.length) }),
      };
      asFormatError(path, () => checkCheckpoint(checkpoint));
      return { checkpoint, run, history };
    },
  };
}

/**
 * Throws `FormatError` unless a checkpoint is of a run with this many steps and parameters of these shapes.
 * @param checkState throws `ConfigError` if the task's state does not fit
 */
export function checkCheckpointFits(
  store: RunStore,
  resumed: Resumed,
  fits: CheckpointFit,
  checkState: () => void = () => undefined,
  { checkpoint }: Pick<CheckpointBlobs, "checkpoint"> = runFiles,
): void {
  asFormatError(store.place(checkpoint), () => {
    checkCheckpoint(resumed.checkpoint, fits);
    checkState();
  });
}

function readState(file: TensorFile, path: string, tasks: TaskTable): State {
  const format = file.metadata.get("format");
  if (format !== FORMAT) {
    const old = /^lowrank-checkpoint-[123]$/.test(format ?? "")
      ? "; an older version wrote it, whose unfinished runs cannot be continued: start the run again"
      : "";
    throw new FormatError(
      `${path}: a checkpoint of format "${FORMAT}" is expected, got ${excerpt(format ?? "none")}${old}`,
      { path, format },
    );
  }
  const fail = (problem: string, cause?: unknown) =>
    new FormatError(`${path}: the state in its metadata: ${problem}`, { file: path }, { cause });
  const {
    step,
    streams,
    optimizerSteps,
    historyBytes,
    evaluation = null,
    run,
  } = parseJsonObject(file.metadata.get("state") ?? "", fail);
  return asFormatError(path, () => {
    checkRunState("state", run, tasks);
    // Each has a tensor in the file, so a longer list is invalid.
    if (!Array.isArray(optimizerSteps) || optimizerSteps.length > file.names.length) {
      throw unexpected("state", "optimizerSteps", "a list of one number per parameter", optimizerSteps);
    }
    if (evaluation !== null && !isJsonObject(evaluation))
      throw unexpected("state", "evaluation", "an object or null", evaluation);
    return {
      step: whole("state", "step", step),
      streams: whole("state", "streams", streams),
      optimizerSteps: optimizerSteps.map((steps, i) => whole("state", `optimizerSteps[${i}]`, steps)),
      historyBytes: whole("state", "historyBytes", historyBytes),
      evaluation: evaluation as State["evaluation"],
      run,
    };
  });
}

/** Rethrows argument errors as `FormatError`: the file is wrong, not the caller. */
function asFormatError<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    throw new FormatError(`${path}: ${cause.message.replace(/^fit: /, "")}`, cause.details, { cause });
  }
}

function readEvaluation(file: TensorFile, { measured, best }: NonNullable<State["evaluation"]>, count: number) {
  if (best === null) return { measured, best };
  return {
    measured,
    best: { step: best, parameters: Array.from({ length: count }, (_, i) => file.tensor(`best.${i}`)) },
  };
}

/** The optimizer's buffers by parameter: all tensors with such names, so that an extra one is noticed. */
function readBuffers(file: TensorFile, count: number): Record<string, Tensor>[] {
  const entries = Array.from({ length: count }, (): [string, Tensor][] => []);
  for (const name of file.names) {
    const parts = /^optimizer\.(\d+)\.(.*)$/s.exec(name);
    if (parts !== null) entries[Number(parts[1])]?.push([parts[2]!, file.tensor(name)]);
  }
  return entries.map((own) => Object.fromEntries(own));
}

/** The part of the history that belongs to a checkpoint. The rest was written after it. */
export interface HistoryLength {
  readonly steps: number;
  readonly bytes: number;
}

/**
 * The steps of a run, one line per step. Only new steps are appended, so a checkpoint of a long run costs no more than that of a short one.
 */
export class HistoryFile {
  constructor(
    private readonly store: RunStore,
    private readonly blob: string,
    private length: HistoryLength = { steps: 0, bytes: 0 },
  ) {}

  /** Appends the steps that are missing. They are stored durably when it returns. Returns the new length. */
  async append(history: readonly StepRecord[]): Promise<HistoryLength> {
    const { steps, bytes } = this.length;
    const lines = history.slice(steps).map((record) => `${JSON.stringify(record)}\n`);
    if (lines.length === 0) return this.length;
    const added = new TextEncoder().encode(lines.join(""));
    await this.store.append(this.blob, bytes, added);
    this.length = { steps: history.length, bytes: bytes + added.length };
    return this.length;
  }
}

/**
 * The completed steps of a checkpoint, from the bytes that it names. Throws `FormatError` if they are incomplete or damaged.
 * @param found those bytes, fewer if the blob is shorter, null if there is no history; @param path for messages
 */
function parseHistory(found: Uint8Array | null, { steps, bytes }: HistoryLength, path: string): StepRecord[] {
  if (bytes === 0 && steps === 0) return [];
  const size = found?.length ?? 0;
  if (size < bytes) {
    throw new FormatError(`${path}: the checkpoint needs ${bytes} bytes, got ${size}: the file is truncated`, {
      path,
      bytes,
      size,
    });
  }
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(found ?? undefined).split("\n");
  if (lines.pop() !== "" || lines.length !== steps) {
    throw new FormatError(`${path}: the checkpoint needs ${steps} lines, got ${lines.length}`, {
      path,
    });
  }
  return lines.map((line, i) => {
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${path}, line ${i + 1}: ${problem}`, { file: path, line: i + 1 }, { cause });
    return parseJsonObject(line, fail) as unknown as StepRecord;
  });
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's state. `what` begins the message. */
function checkRunState(what: string, value: unknown, tasks: TaskTable): asserts value is RunState {
  const run = objectAt(what, "run", value);
  const { settings } = run;
  checkTaskSettings(what, settings, tasks);
  for (const name of ["modelHash", "trainHash", "validationHash", "testHash"])
    if (name !== "testHash" || run[name] !== null) checkHash(what, `run.${name}`, run[name]);
  oneOf(what, "run.build", run["build"], ["simd", "relaxed"]);
  whole(what, "run.threads", run["threads"], 1);
  tasks[taskOf(settings)]!.checkState(what, run);
}
