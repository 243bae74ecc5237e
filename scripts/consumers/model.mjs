import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../setup/paths.mjs";

const golden = join(root, "test/golden/encoders/electra");
const names = ["config.json", "tokenizer.json", "model.safetensors"];

/** A module with the files of a tiny encoder in it: some runtimes have neither a file system nor an address to ask. */
export function model() {
  const texts = names.map((name) => [name, readFileSync(join(golden, name)).toString("base64")]);
  return `const texts = ${JSON.stringify(Object.fromEntries(texts))};
const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
export const files = () => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, bytes(text)]));
`;
}
