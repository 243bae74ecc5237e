import { afterEach, expect, it, vi } from "vitest";
import { nextTask } from "../../ts/waiting/next-task.js";

afterEach(() => void vi.unstubAllGlobals());

/** What comes first: the next task, or a timer of no time that was set before it. */
async function isTask(): Promise<boolean> {
  let passed = false;
  await Promise.resolve().then(() => void (passed = false));
  queueMicrotask(() => (passed = true));
  await nextTask();
  return passed;
}

const refuses = (name: string) =>
  function () {
    throw new Error(`A Node.js API is used (${name}) which is not supported in the Edge Runtime.`);
  };

it("the next task comes where a runtime has no way but timers, or ways that only throw, as Next's edge runtime has", async () => {
  expect(await isTask()).toBe(true);
  for (const immediate of [undefined, refuses("setImmediate")])
    for (const channel of [globalThis.MessageChannel, undefined, refuses("MessageChannel")]) {
      vi.stubGlobal("setImmediate", immediate);
      vi.stubGlobal("MessageChannel", channel);
      expect(await isTask()).toBe(true);
    }
});
