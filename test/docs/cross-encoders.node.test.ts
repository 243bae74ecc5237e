import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/cross-encoders.md"), "utf8");

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rm(consumer.folder, { recursive: true }));

it("the example trains, ranks, saves and opens a cross-encoder", () => {
  consumer.write("cross.mjs", example(page, "cross-encoders"));
  expect(consumer.run("node", "cross.mjs").trim().split("\n")).toEqual([
    "Eight minutes in boiling water make a firm yolk.",
    "true",
  ]);
});
