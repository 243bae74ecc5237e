import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { chatFiles } from "../models/language/chat-model.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { Consumer } from "../packaging/consumer.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/ai-sdk.md"), "utf8");

it("the page's program generates, streams an object and embeds", async () => {
  const consumer = new Consumer();
  try {
    for (const name of ["ai", "zod"]) consumer.link(name);
    for (const [folder, files] of [
      ["language-model", await chatFiles()],
      ["model", await tinyEncoder()],
    ] as const) {
      mkdirSync(join(consumer.folder, folder));
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(consumer.folder, folder, name), bytes);
    }
    consumer.write("ai-sdk.js", example(page, "ai-sdk"));
    expect(consumer.run("node", "ai-sdk.js")).toMatch(/ 20\n[^]*\{ good: (true|false), stars: \d \}\n32\n$/);
  } finally {
    rmSync(consumer.folder, { recursive: true });
  }
});

it("every setting that the page names is one", () => {
  const names = readFileSync(join(root, "ts/ai/model-settings.ts"), "utf8");
  const rows = page.split("\n").filter((line) => line.includes("`providerOptions.lowrank`"));
  const named = rows.flatMap((line) => [...line.matchAll(/`([a-z]\w+)`/g)].map(([, name]) => name!));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !names.includes(`"${name}"`))).toEqual([]);
});
