import { whole } from "../../arguments/settings.js";
import { isFloats, typedLength } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Maximum number of classes. */
const MOST_CLASSES = 10_000;

/** Floats of a block for copies of rows: a buffer for each row takes several times as long. */
const BLOCK = 2 ** 22;

/** Copies of the inputs. */
export interface TakenLogits {
  readonly rows: Float32Array[];
  readonly targets: number[];
}

/**
 * Copies the inputs, reading each item once, by its index; no user code is called later. Throws `ShapeError` unless there are as many rows
 * of `classes` logits as targets.
 */
export function takeLogits(logits: readonly Float32Array[], targets: readonly number[], classes: number): TakenLogits {
  whole("metrics", "classes", classes, 1, MOST_CLASSES);
  const count: unknown = Array.isArray(logits) ? logits.length : NaN;
  if (!Array.isArray(targets) || targets.length !== count) {
    throw new ShapeError(
      `metrics: as many rows of logits as targets are expected, got ${excerpt(logits)} and ${excerpt(targets)}`,
      { op: "metrics", option: "logits", value: logits, expected: "as many rows as targets" },
    );
  }
  const taken: TakenLogits = { rows: [], targets: [] };
  const perBlock = Math.max(1, Math.floor(BLOCK / classes));
  let block = new Float32Array(0);
  // A gap is refused like any other value, however many there are.
  for (let i = 0; i < count; i++) {
    const row: unknown = logits[i];
    if (!isFloats(row) || typedLength(row) !== classes) {
      throw new ShapeError(`metrics: row ${i} must be a Float32Array of ${classes} logits, got ${excerpt(row)}`, {
        op: "metrics",
        option: "logits",
        value: row,
        expected: `a Float32Array of ${classes}`,
        place: i,
      });
    }
    const target = targets[i]!;
    if (!(Number.isSafeInteger(target) && target >= 0 && target < classes)) {
      throw new ShapeError(`metrics: target ${i} is a class from 0 to ${classes - 1}, got ${excerpt(target)}`, {
        op: "metrics",
        option: "targets",
        value: target,
        length: classes,
        place: i,
      });
    }
    const at = i % perBlock;
    if (at === 0) block = new Float32Array(Math.min(perBlock, count - i) * classes);
    block.set(row, at * classes);
    taken.rows.push(block.subarray(at * classes, (at + 1) * classes));
    taken.targets.push(target);
  }
  return taken;
}
