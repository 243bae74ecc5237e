import { FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import type { StepRecord } from "../../train/fit-options.js";
import type { RunStore } from "./run-store.js";

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
export function parseHistory(found: Uint8Array | null, { steps, bytes }: HistoryLength, path: string): StepRecord[] {
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
