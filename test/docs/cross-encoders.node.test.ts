// @rest documents
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { commands, example } from "./examples.js";

const page = readFileSync(join(root, "docs/cross-encoders.md"), "utf8");

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rm(consumer.folder, { recursive: true }));

it("the examples train, rank, save and open a cross-encoder, and put it after a search", () => {
  consumer.write("cross.mjs", example(page, "cross-encoders"));
  expect(consumer.run("node", "cross.mjs").trim().split("\n")).toEqual([
    "Eight minutes in boiling water make a firm yolk.",
    "true",
  ]);
  consumer.write("after.mjs", example(page, "after-a-search"));
  const lines = consumer.run("node", "after.mjs").trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^0\.\d\d Yes, within thirty days, if the box is unopened\.$/);
});

it("the page's commands look at a table, train a reranker and measure it", { timeout: 300_000 }, () => {
  const things = ["egg", "cake", "soup", "rice", "bread", "tea"];
  const rows = things.flatMap((thing) =>
    things.map((other) =>
      [`How do I make ${thing}?`, `This is how to make ${other}.`, thing === other ? 1 : 0].join(","),
    ),
  );
  consumer.write("judged.csv", `query,text,label\n${rows.join("\n")}\n`);
  consumer.write("later.csv", `query,text,label\n${rows.slice(0, 6).join("\n")}\n`);
  const [looked, trained, measured, scored] = commands(page, "rank").map((args) => {
    const few = args[0] === "finetune" ? ["--steps", "10", "--batch-size", "6", "--validation-split", "0.2"] : [];
    return consumer.run("node", "node_modules/lowrank/dist/cli.js", ...args, ...few);
  });
  expect(looked).toMatch(/36 examples for training: 6 queries, 36 texts, labels from 0 to 1/);
  expect(trained).toMatch(/NDCG@10[^]*cosines of the base model's vectors +[\d.]+[^]*head and adapter +[\d.]+/);
  expect(measured).toMatch(/6 examples\nNDCG@10 +/);
  expect(scored).toMatch(/^0?\.\d+ +This is how to make cake\.\n0?\.\d+ +This is how to make tea\.\n$/);
});
