import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "../errors.js";
import { writeFilesAtomically } from "../io/node/index.js";
import { readSafetensors, type TensorFile, writeSafetensors } from "../io/safetensors/index.js";
import type { Tensor } from "../tensor.js";
import type { Checkpoint } from "../train/fit-options.js";
import { runFiles } from "./run-folder.js";

const FORMAT = "lowrank-checkpoint-1";

/** What stands beside the tensors, as JSON in the file's metadata. `run` is what the caller keeps there. */
interface State<Run> extends Omit<Checkpoint, "parameters" | "optimizer"> {
  readonly optimizerSteps: readonly number[];
  readonly run: Run;
}

/**
 * Writes a checkpoint: one safetensors file, parameters and optimizer buffers as tensors and the rest as JSON in its
 * metadata, so that a single rename replaces the one before.
 */
export async function writeCheckpoint<Run>(folder: string, checkpoint: Checkpoint, run: Run): Promise<void> {
  const { parameters, optimizer, ...rest } = checkpoint;
  const tensors = new Map<string, Tensor>();
  parameters.forEach((tensor, i) => {
    tensors.set(`parameter.${i}`, tensor);
    for (const [name, buffer] of Object.entries(optimizer.buffers[i]!)) tensors.set(`optimizer.${i}.${name}`, buffer);
  });
  const state: State<Run> = { ...rest, optimizerSteps: optimizer.steps, run };
  const bytes = writeSafetensors(tensors, { format: FORMAT, state: JSON.stringify(state) });
  await writeFilesAtomically(folder, { [runFiles.checkpoint]: bytes });
}

/** Reads a checkpoint. Throws `ConfigError` where the folder has none, `FormatError` where it is damaged. */
export function readCheckpoint<Run>(folder: string): { checkpoint: Checkpoint; run: Run } {
  const path = join(folder, runFiles.checkpoint);
  if (!existsSync(path)) {
    const finished = existsSync(join(folder, runFiles.report));
    throw new ConfigError(
      finished
        ? `--resume ${folder}: this run is finished, there is nothing to resume; start another one without --resume`
        : `--resume ${folder}: a run's folder with ${runFiles.checkpoint} is expected, there is none`,
      { folder },
    );
  }
  const file = readSafetensors(new Uint8Array(readFileSync(path)), path);
  const { optimizerSteps, run, ...rest } = readState<Run>(file, path);
  const parameters = optimizerSteps.map((_, i) => file.tensor(`parameter.${i}`));
  const buffers = optimizerSteps.map((_, i) => buffersOf(file, `optimizer.${i}.`));
  return { checkpoint: { ...rest, parameters, optimizer: { steps: optimizerSteps, buffers } }, run };
}

/** Removes a finished run's checkpoint. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, runFiles.checkpoint), { force: true });
}

function readState<Run>(file: TensorFile, path: string): State<Run> {
  const format = file.metadata.get("format");
  if (format !== FORMAT) {
    throw new FormatError(
      `${path}: a checkpoint of format "${FORMAT}" is expected, got ${JSON.stringify(format ?? "none")}`,
    );
  }
  try {
    return JSON.parse(file.metadata.get("state") ?? "") as State<Run>;
  } catch (cause) {
    throw new FormatError(`${path}: the state in its metadata is no JSON: ${String(cause)}`, {}, { cause });
  }
}

function buffersOf(file: TensorFile, prefix: string): Record<string, Tensor> {
  const names = file.names.filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name.slice(prefix.length), file.tensor(name)]));
}
