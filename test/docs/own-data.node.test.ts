// @rest documents
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { commands, example } from "./examples.js";

const page = readFileSync(join(root, "docs/own-data.md"), "utf8");
const cli = "node_modules/lowrank/dist/cli.js";

const things = ["invoice", "refund", "card payment", "receipt", "discount", "subscription", "price", "tax on my bill"];
const faults = [
  "login page",
  "password reset",
  "app",
  "printer driver",
  "update",
  "browser window",
  "server",
  "screen",
];
const rows = [
  ...things.flatMap((thing) => [
    `My ${thing} is wrong, please correct it;Billing`,
    `Why was I charged; the ${thing}?;Billing`,
  ]),
  ...faults.map((fault) => `The ${fault} crashes with an error;Technical`),
].map((row) => row.replace(/^(.*);(\w+)$/, '"$1";$2'));
const later = ["The payment was taken twice;Billing", "The keyboard does nothing since the update of today;Technical"];

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
  // As a spreadsheet writes it.
  consumer.write("tickets.csv", `\ufeffBody;Queue\r\n${rows.join("\r\n")}\r\n`);
  consumer.write("later.csv", `\ufeffBody;Queue\r\n${later.join("\r\n")}\r\n`);
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

const all = (document: string, name: string) =>
  commands(document, name).map((args) => consumer.run("node", cli, ...args));

describe("your own data", () => {
  it("the page's first commands look, train, measure and answer", { timeout: 300_000 }, () => {
    const [looked, head, adapter, measured, answer] = all(page, "own-data");
    expect(looked).toMatch(/24 examples for training: 2 labels/);
    expect(head).toMatch(/none, only the head/);
    expect(adapter).toMatch(/head and adapter +\d/);
    expect(measured).toMatch(/is Billing +\d/);
    expect(answer).toMatch(/^(Billing|Technical) +[01]\.\d\d +I cannot log in any more\.\n$/);
  });

  it("the page's commands look at a test too, and fit folds", { timeout: 300_000 }, () => {
    expect(all(page, "look")[1]).toMatch(
      /24 examples for training: 2 labels\n2 examples for testing: 2 labels[\s\S]*truncated to 128/,
    );
    rmSync(join(consumer.folder, "runs"), { recursive: true, force: true });
    const [head, folds] = all(page, "few");
    expect(head).toMatch(/none, only the head/);
    expect(folds).toMatch(/accuracy/);
  });

  it("the page's program measures, saves and opens again", { timeout: 300_000 }, () => {
    consumer.write("own-data.js", example(page, "own-data"));
    const out = consumer.run("node", "own-data.js");
    expect(out).toMatch(/^head only: accuracy [01]\.\d\d \([01]\.\d\d to [01]\.\d\d\), macro F1 [01]\.\d\d$/m);
    expect(out).toMatch(/^head and adapter: accuracy /m);
    expect(out.match(/^fold \d: macro F1 [01]\.\d\d$/gm)).toHaveLength(3);
    expect(out).toMatch(/^(Billing|Technical) \{ Billing: [\d.e-]+, Technical: [\d.e-]+ \}\n$/m);
  });

  it("the page's classifier of tokens is trained, measured, saved and opened", { timeout: 300_000 }, () => {
    consumer.write("tokens.js", example(page, "tokens"));
    const out = consumer.run("node", "tokens.js");
    expect(out).toMatch(/^F1 [01]\.\d\d \([01]\.\d\d, [01]\.\d\d\), words [01]\.\d\d\nLOC: 3\nPER: 3\n/);
  });

  it(
    "the page's several labels are looked at, trained, measured and predicted, also by its program",
    { timeout: 300_000 },
    () => {
      const tags = rows.map((row, i) => row.replace(/;(\w+)$/, i % 3 === 0 ? ";$1|Urgent" : i % 8 === 1 ? ";" : ";$1"));
      consumer.write("tags.csv", `Body;Tags\r\n${tags.join("\r\n")}\r\n`);
      consumer.write("later-tags.csv", `Body;Tags\r\n${later.map((row) => `${row}|Urgent`).join("\r\n")}\r\n`);
      const [looked, trained, measured, answer] = all(page, "several");
      expect(looked).toMatch(/24 examples for training: 3 labels, \d\.?\d* labels a text/);
      expect(trained).toMatch(/head and adapter +\d/);
      expect(measured).toMatch(/2 examples\nmicro F1 +\d/);
      expect(answer).toMatch(/The app crashes when I pay my invoice\.\n$/);
      consumer.write("several.js", example(page, "several"));
      const out = consumer.run("node", "several.js");
      expect(out).toMatch(/^\[[^\]]*\] \[ 'Billing', 'Technical', 'Urgent' \]\n[01]\.\d\d\n$/);
    },
  );

  it("the page's regressor looks, trains, measures and answers, and its program opens it", { timeout: 300_000 }, () => {
    const numbers = rows.map((row, i) => row.replace(/;\w+$/, `;${row.endsWith("Billing") ? 2 : 4 + (i % 2)}`));
    consumer.write("stars.csv", `Body;Stars\r\n${numbers.join("\r\n")}\r\n`);
    consumer.write("later.csv", `Body;Stars\r\n${later.map((row) => row.replace(/;\w+$/, ";3")).join("\r\n")}\r\n`);
    const [looked, trained, measured, answer] = all(page, "numbers");
    expect(looked).toMatch(/24 examples for training: numbers from 2 to 5, median 2, mean 2\.\d+/);
    expect(trained).toMatch(/RMSE +MAE +R²[^]*head only +[^]*head and adapter +/);
    expect(measured).toMatch(/2 examples\nSpearman +/);
    expect(answer).toMatch(/^[1-5](\.\d+)? {2}It crashes every day\.\n$/);
    consumer.write("numbers.js", example(page, "numbers"));
    expect(consumer.run("node", "numbers.js")).toMatch(/^\[ '[1-5]\.\d', '[1-5]\.\d' \]\n\d\.\d\d\n$/);
  });
});
