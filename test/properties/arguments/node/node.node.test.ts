import { readdir } from "node:fs/promises";
import { beforeEach, expect, it, vi } from "vitest";
import { ConfigError, writeFilesAtomically } from "../../../../ts/entry/node.js";
import { named, refusals } from "../refusals.js";
import { makeFolders, nodeCalls } from "./calls.js";

// Where a wrong option leads to the hub, nobody is asked.
beforeEach(() => {
  vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
});

const ground = { make: makeFolders, state: () => "", end: () => undefined };

it.each(named(nodeCalls))("%s takes what is right", async (_, { args, run }) => {
  const scene = await makeFolders();
  await run(scene, ...args(scene));
});

it.each(named(nodeCalls))("%s does its work, or throws a short error of ours, whatever comes", async (_, call) => {
  expect(await refusals(ground, call)).toEqual([]);
});

it("files that are no bytes are refused before the first is written, and before a folder is made", async () => {
  const { out } = await makeFolders();
  const files = { a: new Uint8Array(1), b: "text" } as never;
  await expect(writeFilesAtomically(out, files)).rejects.toThrow(ConfigError);
  await expect(writeFilesAtomically("a\0b", {})).rejects.toThrow(ConfigError);
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});
