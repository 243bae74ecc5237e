import { ConfigError, LowrankError } from "../../../errors/errors.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import { checkSentenceLoss } from "../../../train/losses/sentence-loss.js";
import type { SentenceLossName, SentenceLossOptions } from "../../../train/losses/sentence-loss-options.js";
import { breather } from "../../../waiting/next-task.js";
import type { SentenceRow, SentenceRows } from "./sentence-examples.js";

/** The loss of a batch's vectors, a column of texts each. */
export type LossOf = (columns: readonly NodeId[], rows: readonly SentenceRow[]) => NodeId;

/** A loss as `fit` computes it. */
export interface CheckedLoss {
  readonly graph: Graph;
  /** Width of a vector. */
  readonly width: number;
  readonly lossOf: LossOf;
  readonly loss: SentenceLossName;
  /** Its options for some rows. */
  readonly optionsOf: (rows: readonly SentenceRow[]) => SentenceLossOptions;
}

/** Rows that are checked between two pauses. */
const PART = 256;

/**
 * Runs the loss once on vectors of zeros, and checks the labels, scores and teachers of all rows: what does not fit is refused before the
 * first step, by its example's number. Rejects with the loss's errors, and with `AbortError`.
 */
export async function checkLoss(
  { graph, width, lossOf, loss, optionsOf }: CheckedLoss,
  { rows, columns }: SentenceRows,
  signal: AbortSignal | undefined,
): Promise<void> {
  const some = rows.slice(0, 2);
  graph.step(() => {
    const zeros = Array.from({ length: columns }, () =>
      graph.constant({ shape: [some.length, width], data: new Float32Array(width * some.length) }),
    );
    lossOf(zeros, some);
  });
  const breathe = breather(signal);
  const check = (part: readonly SentenceRow[]) =>
    checkSentenceLoss(graph, loss, { columns, rows: part.length, width }, optionsOf(part));
  for (let start = 0; start < rows.length; start += PART) {
    const pause = breathe();
    if (pause !== undefined) await pause;
    const part = rows.slice(start, start + PART);
    try {
      check(part);
    } catch (error) {
      part.forEach((row, i) => checkOne(check, row, start + i));
      throw error;
    }
  }
}

/** Throws `ConfigError` with the example's number if it alone is refused. */
function checkOne(check: (rows: readonly SentenceRow[]) => void, row: SentenceRow, place: number): void {
  try {
    check([row]);
  } catch (cause) {
    if (!(cause instanceof LowrankError)) throw cause;
    throw new ConfigError(
      `fit: example ${place}: ${cause.message}`,
      { op: "fit", option: "examples", place },
      { cause },
    );
  }
}
