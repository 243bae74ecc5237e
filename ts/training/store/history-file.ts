import { FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import type { StepRecord } from "../../train/fit-options.js";
import { runFiles, type RunStore } from "./run-store.js";

/** How much of the history belongs to a checkpoint. What lies beyond was written after it. */
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
    private readonly store: RunStore,
    private length: HistoryLength = { steps: 0, bytes: 0 },
  ) {}

  /** Adds the steps that are not there yet, in the store for good when it returns. Gives the length then. */
  async append(history: readonly StepRecord[]): Promise<HistoryLength> {
    const { steps, bytes } = this.length;
    const lines = history.slice(steps).map((record) => `${JSON.stringify(record)}\n`);
    if (lines.length === 0) return this.length;
    const added = new TextEncoder().encode(lines.join(""));
    await this.store.append(runFiles.history, bytes, added);
    this.length = { steps: history.length, bytes: bytes + added.length };
    return this.length;
  }
}

/**
 * The steps that a checkpoint has behind it, from the bytes that it says hold them. Throws `FormatError` where they are not
 * all there, or damaged.
 * @param found those bytes, fewer where there are no more, null where there is no history; @param path for messages
 */
export function parseHistory(found: Uint8Array | null, { steps, bytes }: HistoryLength, path: string): StepRecord[] {
  if (bytes === 0 && steps === 0) return [];
  const size = found?.length ?? 0;
  if (size < bytes) {
    throw new FormatError(
      `${path}: ${bytes} bytes are expected, as the checkpoint says, got ${size}: it is cut short`,
      { path, bytes, size },
    );
  }
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(found ?? undefined).split("\n");
  if (lines.pop() !== "" || lines.length !== steps) {
    throw new FormatError(`${path}: ${steps} lines are expected, as the checkpoint says, got ${lines.length}`, {
      path,
    });
  }
  return lines.map((line, i) => {
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${path}, line ${i + 1}: ${problem}`, { file: path, line: i + 1 }, { cause });
    return parseJsonObject(line, fail) as unknown as StepRecord;
  });
}
