import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { parseJsonObject } from "../io/json.js";
import { writeFilesAtomically } from "../io/node/index.js";
import { readSafetensors, type TensorFile, writeSafetensors } from "../io/safetensors/index.js";
import { whole } from "../settings.js";
import type { Tensor } from "../tensor.js";
import { checkCheckpoint, type CheckpointFit } from "../train/checkpoint.js";
import type { Checkpoint } from "../train/fit-options.js";
import { HistoryFile, type HistoryLength, readHistory } from "./history-file.js";
import { runFiles } from "../cli/files/run-folder.js";
import { checkRunState, type RunState } from "./run-state.js";

const FORMAT = "lowrank-checkpoint-2";

/** What stands beside the tensors, as JSON in the file's metadata. */
interface State {
  readonly step: number;
  readonly streams: number;
  readonly optimizerSteps: readonly number[];
  /** Bytes of the history file that hold the steps so far. */
  readonly historyBytes: number;
  readonly run: RunState;
}

/** A checkpoint to go on from. */
export interface Resumed {
  readonly checkpoint: Checkpoint;
  readonly run: RunState;
  readonly history: HistoryLength;
}

/**
 * Writes the checkpoints of a run: one safetensors file, parameters and optimizer buffers as tensors and the rest as JSON in
 * its metadata, so that a single rename replaces the one before. The steps so far go to a file beside it, which
 * is on the disk before.
 */
export class CheckpointWriter {
  private readonly history: HistoryFile;

  constructor(
    private readonly folder: string,
    private readonly run: RunState,
    resumed: Resumed | null,
  ) {
    this.history = new HistoryFile(folder, resumed?.history);
  }

  async write({ step, parameters, optimizer, streams, history }: Checkpoint): Promise<void> {
    const { bytes: historyBytes } = await this.history.append(history);
    const tensors = new Map<string, Tensor>();
    parameters.forEach((tensor, i) => {
      tensors.set(`parameter.${i}`, tensor);
      for (const [name, buffer] of Object.entries(optimizer.buffers[i]!)) tensors.set(`optimizer.${i}.${name}`, buffer);
    });
    const state: State = { step, streams, optimizerSteps: optimizer.steps, historyBytes, run: this.run };
    const bytes = writeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(state) });
    await writeFilesAtomically(this.folder, { [runFiles.checkpoint]: bytes });
  }
}

/**
 * Reads a checkpoint. Throws `ConfigError` where the folder has none, `FormatError` where it, or the history beside it, is
 * not what a run wrote.
 */
export function readCheckpoint(folder: string): Resumed {
  const path = join(folder, runFiles.checkpoint);
  if (!existsSync(path)) {
    const finished = existsSync(join(folder, runFiles.report));
    throw new ConfigError(
      finished
        ? `--resume ${folder}: this run is finished, there is nothing to resume; start another one without --resume`
        : `--resume ${folder}: a run's folder with ${runFiles.checkpoint} is expected, there is none; a run that ended before its first checkpoint ` +
            "begins anew: run its command again",
      { folder },
    );
  }
  const file = readSafetensors(new Uint8Array(readFileSync(path)), path);
  const { step, streams, optimizerSteps, historyBytes, run } = readState(file, path);
  const history = { steps: step, bytes: historyBytes };
  const parameters = optimizerSteps.map((_, i) => file.tensor(`parameter.${i}`));
  const optimizer = { steps: optimizerSteps, buffers: readBuffers(file, optimizerSteps.length) };
  const checkpoint = { step, streams, parameters, optimizer, history: readHistory(folder, history) };
  asFormatError(path, () => checkCheckpoint(checkpoint));
  return { checkpoint, run, history };
}

/** Throws `FormatError` where a checkpoint is not of a run of so many steps, with parameters of such shapes and such classes. */
export function checkCheckpointFits(folder: string, resumed: Resumed, fits: CheckpointFit, classes: number): void {
  asFormatError(join(folder, runFiles.checkpoint), () => {
    checkCheckpoint(resumed.checkpoint, fits);
    const { before, headOnly } = resumed.run.baseline;
    for (const measured of [before, headOnly]) {
      if (measured === null || measured.confusion.length === classes) continue;
      throw new ConfigError(`state: run.baseline has ${measured.confusion.length} classes, the data ${classes}`);
    }
  });
}

/** Removes a finished run's checkpoint: first the file that says that the run is not finished. */
export async function removeCheckpoint(folder: string): Promise<void> {
  for (const name of [runFiles.checkpoint, runFiles.history]) await rm(join(folder, name), { force: true });
}

/** Removes a history that no checkpoint speaks of, as one is where the first checkpoint could not be written. */
export async function dropHistory(folder: string): Promise<void> {
  if (!existsSync(join(folder, runFiles.checkpoint))) await rm(join(folder, runFiles.history), { force: true });
}

function readState(file: TensorFile, path: string): State {
  const format = file.metadata.get("format");
  if (format !== FORMAT) {
    const old = format === "lowrank-checkpoint-1" ? "; it is an older version's: start the run again" : "";
    throw new FormatError(
      `${path}: a checkpoint of format "${FORMAT}" is expected, got ${excerpt(format ?? "none")}${old}`,
      { path, format },
    );
  }
  const fail = (problem: string, cause?: unknown) =>
    new FormatError(`${path}: the state in its metadata: ${problem}`, { path }, { cause });
  const { step, streams, optimizerSteps, historyBytes, run } = parseJsonObject(file.metadata.get("state") ?? "", fail);
  return asFormatError(path, () => {
    checkRunState("state", run);
    // Each has a tensor in the file: a list of more is not worth walking.
    if (!Array.isArray(optimizerSteps) || optimizerSteps.length > file.names.length) {
      throw new ConfigError(`state: optimizerSteps is a list of a number a parameter, got ${excerpt(optimizerSteps)}`);
    }
    return {
      step: whole("state", "step", step),
      streams: whole("state", "streams", streams),
      optimizerSteps: optimizerSteps.map((steps, i) => whole("state", `optimizerSteps[${i}]`, steps)),
      historyBytes: whole("state", "historyBytes", historyBytes),
      run,
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

/** The optimizer's buffers by parameter: whatever has such a name, so that one too many is noticed. */
function readBuffers(file: TensorFile, count: number): Record<string, Tensor>[] {
  const entries = Array.from({ length: count }, (): [string, Tensor][] => []);
  for (const name of file.names) {
    const parts = /^optimizer\.(\d+)\.(.*)$/s.exec(name);
    if (parts !== null) entries[Number(parts[1])]?.push([parts[2]!, file.tensor(name)]);
  }
  return entries.map((own) => Object.fromEntries(own));
}
