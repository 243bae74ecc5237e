import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { interfaceFiles } from "../../scripts/wasm/interface/typescript.mjs";

const files = Object.entries(interfaceFiles(root));

it.each(files)("%s is as crates/wasm makes it (npm run build:wasm)", (file, text) => {
  expect(readFileSync(join(root, file), "utf8")).toBe(text);
});
