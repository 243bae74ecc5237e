import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, vi } from "vitest";
import { Graph, SentenceEncoder } from "../../ts/entry/node.js";
import { tinyEncoder } from "../models/tiny-encoder.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Until the warning has come: a finaliser runs in a turn of its own. */
const warned = (warn: { mock: { calls: unknown[][] } }, text: string) =>
  vi.waitFor(
    () => {
      collect();
      expect(warn.mock.calls.map(([message]) => message)).toContain(text);
    },
    { timeout: 60_000, interval: 20 },
  );

it("a warning of what was collected names what was made", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await SentenceEncoder.load(await tinyEncoder());
  await warned(warn, "lowrank: a SentenceEncoder was collected without dispose(); its memory stays taken");
  new Graph();
  await warned(warn, "lowrank: a Graph was collected without dispose(); its memory stays taken");
  warn.mockRestore();
});
