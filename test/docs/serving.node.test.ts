import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { decoderFiles } from "../models/language/golden-decoder.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/serving.md"), "utf8");

let consumer: Consumer;
beforeAll(() => {
  consumer = new Consumer();
});
afterAll(() => rmSync(consumer.folder, { recursive: true }));

it("the page's program answers a request", async () => {
  const model = join(consumer.folder, "model");
  mkdirSync(model, { recursive: true });
  for (const [name, bytes] of Object.entries(await tinyEncoder())) writeFileSync(join(model, name), bytes);
  consumer.write("serving.js", example(page, "serving"));
  const out = consumer.run("node", "serving.js");
  expect(out).toMatch(/^200 \{\s+tenant: 'acme',\s+version: 'v1',\s+predictions: \[/);
});

it("the page's program serves a language model", async () => {
  const model = join(consumer.folder, "language-model");
  mkdirSync(model);
  for (const [name, bytes] of Object.entries(await decoderFiles("qwen2"))) writeFileSync(join(model, name), bytes);
  writeFileSync(join(model, "chat_template.jinja"), "{% for m in messages %}{{ m.content }}{% endfor %}");
  consumer.write("language-server.js", example(page, "language-server"));
  const out = consumer.run("node", "language-server.js");
  expect(out).toMatch(/^200 \{[^]*object: 'chat\.completion'[^]*completion_tokens: \d/);
});

it("the page's program serves vectors, an order and classes", async () => {
  const model = join(consumer.folder, "model");
  mkdirSync(model, { recursive: true });
  for (const [name, bytes] of Object.entries(await tinyEncoder())) writeFileSync(join(model, name), bytes);
  consumer.write("text-server.js", example(page, "text-server"));
  const out = consumer.run("node", "text-server.js");
  expect(out).toMatch(/object: 'embedding'[^]*relevance_score: [^]*predictions: \[[^]*probability: /);
});

it("the page explains every code of a refusal, with its status", () => {
  const source = readFileSync(join(root, "ts/serve/problem.ts"), "utf8");
  const codes = [...source.matchAll(/^ {2}([A-Z_]+): (\d{3}),$/gm)].map(([, code, status]) => `${code} ${status}`);
  expect(codes.length).toBeGreaterThan(10);
  const explained = page
    .slice(page.indexOf("## Many tenants"))
    .split("\n")
    .flatMap((line) => {
      const [, names = "", statuses = ""] = line.split("|");
      const numbers = statuses.trim().split(", ");
      return [...names.matchAll(/`([A-Z_]+)`/g)].map(([, code], i) => `${code} ${numbers[i] ?? numbers[0]}`);
    });
  expect(new Set(explained)).toEqual(new Set(codes));
});

it("every option that the page names is one of its server", () => {
  const parts = page.split("## Many tenants");
  expect(parts).toHaveLength(2);
  for (const [i, files] of [["openai/language-server-options.ts", "batch-limits.ts"], ["serve-options.ts"]].entries()) {
    const source = files.map((file) => readFileSync(join(root, "ts/serve", file), "utf8")).join("\n");
    const named = [...parts[i]!.matchAll(/`(max[A-Z]\w+|cacheBytes|prefixCacheBytes|timeout|authorize|onError)`/g)];
    expect(named.length).toBeGreaterThan(3);
    for (const [, name] of named) expect(source).toContain(`readonly ${name!}?`);
  }
});
