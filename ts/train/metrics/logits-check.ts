import { whole } from "../../arguments/settings.js";
import { isFloats, typedLength } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/** Classes that can be measured. */
const MOST_CLASSES = 10_000;

/** Throws `ShapeError` unless there are as many rows of `classes` logits as there are targets. */
export function checkLogits(logits: readonly Float32Array[], targets: readonly number[], classes: number): void {
  whole("metrics", "classes", classes, 1, MOST_CLASSES);
  if (!Array.isArray(logits) || !Array.isArray(targets) || logits.length !== targets.length) {
    throw new ShapeError(
      `metrics: as many rows of logits as targets are expected, got ${excerpt(logits)} and ${excerpt(targets)}`,
      { op: "metrics", option: "logits", value: logits, expected: "as many rows as targets" },
    );
  }
  // By index: a gap is refused like anything else, however many there are.
  for (let i = 0; i < logits.length; i++) {
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
  }
}
