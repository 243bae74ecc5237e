import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { crossEncoderLoss, Graph, sentenceLoss } from "../../ts/index.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/sentence-losses.md"), "utf8");
const rowsOf = (heading: string) => {
  const section = page.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return [...section.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, names]) =>
    [...names!.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!),
  );
};

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rm(consumer.folder, { recursive: true }));

it("the example trains", () => {
  consumer.write("losses.js", example(page, "sentence-losses"));
  const lines = consumer.run("node", "losses.js").trim().split("\n");
  const losses = lines.map((line) => Number(line.split(" ")[1]));
  expect(losses).toHaveLength(4);
  expect(losses[0]).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan(0.01);
});

it.each([
  ["Losses of vectors", sentenceLoss, "cached-multiple-negatives-ranking"],
  ["Losses of logits", crossEncoderLoss, "lambda"],
] as const)("%s: the table has every loss that there is", (heading, loss, one) => {
  using graph = new Graph();
  const column = graph.constant({ shape: [1, 1], data: new Float32Array(1) });
  const call = () => loss(graph, "none at all" as "mse", [column]);
  const [, names] = /\(there are (.*)\)/.exec(messageOf(call))!;
  const listed = rowsOf(heading);
  expect(listed).toContain(one);
  // Cached losses of logits have the value of those that are not.
  expect([...listed].sort()).toEqual(
    names!
      .split(", ")
      .filter((name) => loss === sentenceLoss || !name.startsWith("cached-"))
      .sort(),
  );
});

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}

it("the page names every option of the losses", () => {
  const files = ["sentence-loss.ts", "cross-encoder-loss.ts"].map((file) =>
    readFileSync(join(root, "ts/train/losses", file), "utf8"),
  );
  const options = files.flatMap((text) => [...text.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name!));
  expect(options.length).toBeGreaterThan(30);
  expect(options.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
