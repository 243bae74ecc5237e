import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as jobs from "../../../ts/training/store/checkpoint-file.js";
import { tasks } from "../../../ts/tasks/index.js";
import { folderStore } from "../../../ts/training/node/folder-store.js";
import type { RunState } from "../../../ts/training/store/run-state.js";
import { runFiles } from "../../../ts/training/store/run-store.js";

/** Writes checkpoints into a folder. */
export class CheckpointWriter extends jobs.CheckpointWriter {
  constructor(folder: string, run: RunState, resumed: jobs.Resumed | null) {
    super(folderStore(folder), run, resumed);
  }
}

/** The checkpoint of a folder that has one. */
export function readCheckpoint(folder: string): jobs.Resumed {
  const [path, historyPath] = [join(folder, runFiles.checkpoint), join(folder, runFiles.history)];
  const opened = jobs.openCheckpoint(new Uint8Array(readFileSync(path)), path, tasks);
  const history = existsSync(historyPath) ? readFileSync(historyPath).subarray(0, opened.history.bytes) : null;
  return opened.finish(history, historyPath);
}
