import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { commands, example } from "./examples.js";

const page = readFileSync(join(root, "docs/pairs.md"), "utf8");
const things = ["printer", "router", "lamp", "camera", "screen", "keyboard", "speaker", "scanner"];
const faults = [
  ["The # stays dark.", "Check the power supply of the #."],
  ["My # makes a noise.", "Clean the fan of the # with a brush."],
  ["I cannot find the # in the menu.", "Install the driver of the # again."],
] as const;
const rows = faults.flatMap((fault) => things.map((thing) => fault.map((text) => text.replace("#", thing))));
const table = (lines: readonly (readonly string[])[]) =>
  `question,answer\n${lines.map((line) => line.join(",")).join("\n")}\n`;

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
  consumer.write("help.csv", table(rows));
  consumer.write(
    "later.csv",
    table(rows.slice(0, 9).map(([, answer], i) => [`What is wrong with number ${i}?`, answer!])),
  );
  consumer.write("answers.txt", rows.map(([, answer]) => answer).join("\n"));
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

it("the page's commands look, train, measure and search, and its program compares", { timeout: 300_000 }, () => {
  const [looked, trained, measured, indexed, found] = commands(page, "pairs").map((args) => {
    const few = args[0] === "finetune" ? ["--steps", "12", "--batch-size", "8", "--validation-split", "0.25"] : [];
    return consumer.run("node", "node_modules/lowrank/dist/cli.js", ...args, ...few);
  });
  expect(looked).toMatch(/24 examples for training: 24 anchors, 24 documents, 0 negatives a row/);
  expect(trained).toMatch(
    /NDCG@10[^]*vectors of the base model +[\d.]+[^]*BM25, a search by words +[\d.]+[^]*adapter +[\d.]+/,
  );
  expect(measured).toMatch(/9 examples\nNDCG@10 +/);
  expect(indexed).toBe("");
  expect(found).toMatch(/1 +0\.\d{3} +\d+ +Check the power supply of the/);
  consumer.write("pairs.js", example(page, "pairs"));
  expect(consumer.run("node", "pairs.js")).toMatch(/^0\.\d\d\n$/);
});
