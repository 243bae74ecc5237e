import { expect, it, vi } from "vitest";
import { everyFrame, ProgressQueue } from "../../../ts/worker/protocol/progress-queue.js";

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

it("a frame that tells at once does not keep the next ones from being told", async () => {
  const told: unknown[] = [];
  const queue = new ProgressQueue(
    (value) => told.push(value),
    { passing: () => true, replaces: () => true },
    everyFrame(),
  );
  queue.push(1);
  expect(told).toEqual([1]);
  for (const value of [2, 3, 4]) {
    queue.push(value);
    await vi.waitFor(() => expect(told.at(-1)).toBe(value));
  }
  const atOnce = new ProgressQueue(
    (value) => told.push(value),
    { passing: () => true, replaces: () => true },
    (tell) => {
      tell();
      return () => undefined;
    },
  );
  for (const value of ["a", "b", "c"]) atOnce.push(value);
  expect(told).toEqual([1, 2, 3, 4, "a", "b", "c"]);
});
