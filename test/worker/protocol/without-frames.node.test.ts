import { expect, it } from "vitest";
import { ProgressQueue, withFrame } from "../../../ts/worker/protocol/progress-queue.js";

it("what draws no frames is told of all at once", () => {
  const told: unknown[] = [];
  const queue = new ProgressQueue(
    (value) => told.push(value),
    { passing: () => true, replaces: () => true },
    withFrame,
  );
  for (const value of [1, 2, 3]) queue.push(value);
  expect(told).toEqual([1, 2, 3]);
});
