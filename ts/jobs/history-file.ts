import { closeSync, openSync, readSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "../errors.js";
import { parseJsonObject } from "../io/json.js";
import type { StepRecord } from "../train/fit-options.js";
import { runFiles } from "../cli/files/run-folder.js";

/** How much of the history file belongs to a checkpoint. What lies beyond was written after it. */
export interface HistoryLength {
  readonly steps: number;
  readonly bytes: number;
}

/**
 * The steps of a run, a line each, which grows by what is new: a checkpoint of a long run then costs no more than that of a
 * short one.
 */
export class HistoryFile {
  constructor(
    private readonly folder: string,
    private length: HistoryLength = { steps: 0, bytes: 0 },
  ) {}

  /** Adds the steps that are not there yet, on the disk when it returns. Gives the length then. */
  async append(history: readonly StepRecord[]): Promise<HistoryLength> {
    const { steps, bytes } = this.length;
    const lines = history.slice(steps).map((record) => `${JSON.stringify(record)}\n`);
    if (lines.length === 0) return this.length;
    const added = Buffer.from(lines.join(""));
    const handle = await open(join(this.folder, runFiles.history), bytes === 0 ? "w" : "r+");
    try {
      await handle.truncate(bytes);
      await writeAt(handle, added, bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    this.length = { steps: history.length, bytes: bytes + added.length };
    return this.length;
  }
}

async function writeAt(handle: FileHandle, data: Buffer, position: number): Promise<void> {
  for (let done = 0; done < data.length;) {
    done += (await handle.write(data, done, data.length - done, position + done)).bytesWritten;
  }
}

/** Reads the part of a history that a checkpoint has behind it. Throws `FormatError` where that is not there, or damaged. */
export function readHistory(folder: string, { steps, bytes }: HistoryLength): StepRecord[] {
  if (bytes === 0 && steps === 0) return [];
  const path = join(folder, runFiles.history);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < bytes) {
    throw new FormatError(
      `${path}: ${bytes} bytes are expected, as the checkpoint says, got ${size}: it is cut short`,
      {
        path,
        bytes,
        size,
      },
    );
  }
  const lines = readStart(path, bytes).split("\n");
  if (lines.pop() !== "" || lines.length !== steps) {
    throw new FormatError(`${path}: ${steps} lines are expected, as the checkpoint says, got ${lines.length}`, {
      path,
    });
  }
  return lines.map((line, i) => {
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${path}, line ${i + 1}: ${problem}`, { path, line: i + 1 }, { cause });
    return parseJsonObject(line, fail) as unknown as StepRecord;
  });
}

function readStart(path: string, length: number): string {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    for (let done = 0; done < length;) {
      const read = readSync(file, bytes, done, length - done, done);
      if (read === 0)
        throw new FormatError(`${path}: it ended at ${done} of ${length} bytes while being read`, { path });
      done += read;
    }
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}
