// @needs browser
import { expect, it } from "vitest";
import { clearCache, cacheModel, cachedModel, cachedModels, UnsupportedError } from "../../ts/entry/node.js";
import { opfsStore } from "../../ts/entry/jobs-node.js";

it.each([
  ["cacheModel", () => cacheModel("all-MiniLM-L6-v2")],
  ["cachedModel", () => cachedModel("tiny")],
  ["cachedModels", () => cachedModels()],
  ["clearCache", () => clearCache()],
] as const)("%s is refused by name in Node, which keeps models in a folder", async (name, call) => {
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect((error as Error).message).toMatch(`${name} is for pages and their workers`);
  expect((error as Error).message).toMatch("resolveModel");
});

it("a run's store in a page's file system is refused by name in Node, which has folders", async () => {
  const store = opfsStore("run");
  for (const call of [store.claim(), store.has("a"), store.write({ a: new Uint8Array(1) }), store.discard()])
    await expect(call).rejects.toThrow(
      /^opfsStore: this runtime has no Origin Private File System .*; use folderStore\(path\)/,
    );
});
