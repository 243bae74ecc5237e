import { expect, it } from "vitest";
import { ProgressQueue } from "../../ts/worker/protocol/progress-queue.js";

it("of values that replace each other the last is told with the next frame, others at once and in order", () => {
  const told: unknown[] = [];
  const frames: (() => void)[] = [];
  const schedule = (tell: () => void) => {
    frames.push(tell);
    return () => void frames.splice(frames.indexOf(tell), 1);
  };
  const passing = (value: unknown) => typeof value === "number";
  const queue = new ProgressQueue((value) => told.push(value), { passing, replaces: () => true }, schedule);
  queue.push(1);
  queue.push(2);
  queue.push(3);
  expect(told).toEqual([]);
  frames[0]!();
  expect([told, frames]).toEqual([[3], []]);
  queue.push(4);
  queue.push("done");
  expect([told, frames]).toEqual([[3, 4, "done"], []]);
  queue.push(5);
  queue.flush();
  queue.flush();
  expect(told).toEqual([3, 4, "done", 5]);
});
