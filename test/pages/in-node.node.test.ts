import { expect, it } from "vitest";
import { clearCache, keepModel, keptModel, keptModels, UnsupportedError } from "../../ts/entry/node.js";

it.each([
  ["keepModel", () => keepModel("all-MiniLM-L6-v2")],
  ["keptModel", () => keptModel("tiny")],
  ["keptModels", () => keptModels()],
  ["clearCache", () => clearCache()],
] as const)("%s is refused by name in Node, which keeps models in a folder", async (name, call) => {
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnsupportedError);
  expect((error as Error).message).toMatch(`${name} is for pages and their workers`);
  expect((error as Error).message).toMatch("resolveModel");
});
