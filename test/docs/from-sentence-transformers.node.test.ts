import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import * as lowrank from "../../ts/entry/node.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/from-sentence-transformers.md"), "utf8");

/** In the order of the page. */
const names = [
  "st-encode",
  "st-pairs",
  "st-triplets",
  "st-evaluate",
  "st-save",
  "st-cross",
  "st-mine",
  "st-search",
  "st-prompts",
];

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rm(consumer.folder, { recursive: true }));

it("the page's program does what it says, from top to bottom", { timeout: 120_000 }, () => {
  expect([...page.matchAll(/<!-- example: (\S+) -->/g)].map(([, name]) => name)).toEqual(names);
  consumer.write("program.mjs", names.map((name) => example(page, name)).join("\n"));
  const lines = consumer.run("node", "program.mjs").trim().split("\n");
  expect(lines[0]).toMatch(/^similarity 1\.000 0\.\d{3} -?0\.\d{3}$/);
  expect(lines.slice(1)).toEqual([
    "pairs true",
    "triplet 3",
    "cosent 3",
    "batch-hard-triplet 3",
    "ndcg@10 true",
    "spearman true",
    "saved true",
    "ranked 2 true",
    "mined true 2",
    "found 0 48 bytes",
    "short 128 1.000",
  ]);
});

it("the table names what there is", () => {
  const [table] = page.split("## Vectors");
  const right = [...table!.matchAll(/^\|[^|]*\|([^|]*)\|$/gm)].map(([, cell]) => cell!).join(" ");
  const functions = [...right.matchAll(/`(\w+)(?=[`(.])/g)].map(([, name]) => name!);
  const classes = { ...lowrank } as Record<string, unknown>;
  const methods = new Set(
    [lowrank.SentenceEncoder.prototype, lowrank.CrossEncoder.prototype].flatMap((own) =>
      Object.getOwnPropertyNames(own),
    ),
  );
  const unknown = functions.filter((name) => name !== "encoder" && classes[name] === undefined && !methods.has(name));
  expect(functions.length).toBeGreaterThan(12);
  expect(unknown).toEqual([]);
});
