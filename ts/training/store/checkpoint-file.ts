import { ConfigError, FormatError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { readSafetensors, type TensorFile, writeSafetensors } from "../../io/safetensors/index.js";
import { oneOf, whole, unexpected } from "../../arguments/settings.js";
import type { Tensor } from "../../values/tensor.js";
import { checkCheckpoint, type CheckpointFit } from "../../train/checkpoint.js";
import type { Checkpoint, EvaluationState } from "../../train/fit-options.js";
import { HistoryFile, type HistoryLength, parseHistory } from "./history-file.js";
import type { TaskTable } from "../task-definition.js";
import { checkRunState, type RunState } from "./run-state.js";
import { runFiles, type RunStore } from "./run-store.js";

const FORMAT = "lowrank-checkpoint-3";

/** What stands beside the tensors, as JSON in the file's metadata. */
interface State {
  readonly step: number;
  readonly streams: number;
  readonly optimizerSteps: readonly number[];
  /** Bytes of the history file that hold the steps so far. */
  readonly historyBytes: number;
  /** Losses on the validation so far, and the step whose parameters are kept beside; null where none are measured. */
  readonly evaluation: { readonly measured: EvaluationState["measured"]; readonly best: number | null } | null;
  readonly run: RunState;
  /** Which groups LoRA+ has: PEFT's. Before they were, nothing stood here, and such a run goes on as it began. */
  readonly groups?: "peft";
}

/** A checkpoint to go on from. */
export interface Resumed {
  readonly checkpoint: Checkpoint;
  readonly run: RunState;
  readonly history: HistoryLength;
}

/**
 * Writes the checkpoints of a run: one safetensors file, parameters and optimizer buffers as tensors and the rest as JSON in
 * its metadata, so that a single write replaces the one before. The steps so far go to a blob beside it, which
 * is in the store before.
 */
export class CheckpointWriter {
  private readonly history: HistoryFile;
  /** Whether the store has a checkpoint that speaks of the history. */
  private kept: boolean;
  private readonly groups: Pick<State, "groups">;

  constructor(
    private readonly store: RunStore,
    private readonly run: RunState,
    resumed: Resumed | null,
  ) {
    this.history = new HistoryFile(store, resumed?.history);
    this.kept = resumed !== null;
    this.groups = resumed?.checkpoint.slowBiases ? {} : { groups: "peft" };
  }

  /** Puts a checkpoint in place of the last one. Where there was none and this one fails, no history stays either. */
  async write(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.put(checkpoint);
      this.kept = true;
    } catch (error) {
      // What failed first is what is told.
      if (!this.kept) await this.store.remove(runFiles.history).catch(() => undefined);
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
      ...{ step, streams, optimizerSteps: optimizer.steps, historyBytes, evaluation: watched, run: this.run },
      ...this.groups,
    };
    const bytes = writeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(state) });
    await this.store.write({ [runFiles.checkpoint]: bytes });
  }
}

/**
 * Reads a checkpoint; null where the store has none. Throws `FormatError` where it, or the history beside it, is not what a
 * run wrote.
 */
export async function readCheckpoint(
  store: Pick<RunStore, "read" | "place">,
  tasks: TaskTable,
): Promise<Resumed | null> {
  const bytes = await store.read(runFiles.checkpoint);
  if (bytes === null) return null;
  const opened = openCheckpoint(bytes, store.place(runFiles.checkpoint), tasks);
  const { bytes: length } = opened.history;
  const history = length === 0 ? null : await store.read(runFiles.history, length);
  return opened.finish(history, store.place(runFiles.history));
}

/** A checkpoint that wants its history: the bytes that `history` speaks of. Errors as `readCheckpoint`; `path` is for messages. */
export function openCheckpoint(bytes: Uint8Array, path: string, tasks: TaskTable) {
  const file = readSafetensors(bytes, path);
  const { step, streams, optimizerSteps, historyBytes, evaluation, run, groups } = readState(file, path, tasks);
  const history = { steps: step, bytes: historyBytes };
  return {
    history,
    finish(found: Uint8Array | null, historyPath: string): Resumed {
      const parameters = optimizerSteps.map((_, i) => file.tensor(`parameter.${i}`));
      const optimizer = { steps: optimizerSteps, buffers: readBuffers(file, optimizerSteps.length) };
      const records = parseHistory(found, history, historyPath);
      const checkpoint: Checkpoint = {
        ...{ step, streams, parameters, optimizer, history: records },
        ...(evaluation !== null && { evaluation: readEvaluation(file, evaluation, optimizerSteps.length) }),
        ...(groups === undefined && { slowBiases: true as const }),
      };
      asFormatError(path, () => checkCheckpoint(checkpoint));
      return { checkpoint, run, history };
    },
  };
}

/**
 * Throws `FormatError` where a checkpoint is not of a run of so many steps, with parameters of such shapes.
 * @param checkState throws `ConfigError` where what it keeps of its task does not fit
 */
export function checkCheckpointFits(
  store: RunStore,
  resumed: Resumed,
  fits: CheckpointFit,
  checkState: () => void = () => undefined,
): void {
  asFormatError(store.place(runFiles.checkpoint), () => {
    checkCheckpoint(resumed.checkpoint, fits);
    checkState();
  });
}

function readState(file: TensorFile, path: string, tasks: TaskTable): State {
  const format = file.metadata.get("format");
  if (format !== FORMAT) {
    const old = /^lowrank-checkpoint-[12]$/.test(format ?? "") ? "; it is an older version's: start the run again" : "";
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
    groups,
  } = parseJsonObject(file.metadata.get("state") ?? "", fail);
  return asFormatError(path, () => {
    checkRunState("state", run, tasks);
    // Each has a tensor in the file: a list of more is not worth walking.
    if (!Array.isArray(optimizerSteps) || optimizerSteps.length > file.names.length) {
      throw unexpected("state", "optimizerSteps", "a list of a number a parameter", optimizerSteps);
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
      ...(groups !== undefined && { groups: oneOf("state", "groups", groups, ["peft"] as const) }),
    };
  });
}

/** What is checked of a file is the file's fault, not the caller's. */
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

/** The optimizer's buffers by parameter: whatever has such a name, so that one too many is noticed. */
function readBuffers(file: TensorFile, count: number): Record<string, Tensor>[] {
  const entries = Array.from({ length: count }, (): [string, Tensor][] => []);
  for (const name of file.names) {
    const parts = /^optimizer\.(\d+)\.(.*)$/s.exec(name);
    if (parts !== null) entries[Number(parts[1])]?.push([parts[2]!, file.tensor(name)]);
  }
  return entries.map((own) => Object.fromEntries(own));
}
