import { expect, it } from "vitest";
import { atOnce } from "../../ts/waiting/next-task.js";
import { precompiled } from "../../ts/tokenize/precompiled.js";
import { SentenceEncoder } from "../../ts/index.js";
import { goldenJson } from "../golden.js";
import { goldenEncoder } from "../models/golden-encoder.js";

const golden = await goldenJson<{ charsmap: string; texts: string[]; normalized: string[]; ids: number[][] }>(
  "tokenizers/precompiled.json",
);

it("SentencePiece's table of characters does what the tokenizers library does with it", () => {
  const steps = precompiled(golden.charsmap);
  const normalize = (text: string) => atOnce(steps(text));
  expect(golden.texts.map(normalize)).toEqual(golden.normalized);
});

it("a tokenizer with such a table gives the library's ids", async () => {
  const files = await goldenEncoder("xlm-roberta");
  const json = JSON.parse(new TextDecoder().decode(files["tokenizer.json"])) as object;
  const normalizer = { type: "Precompiled", precompiled_charsmap: golden.charsmap };
  const tokenizer = new TextEncoder().encode(JSON.stringify({ ...json, normalizer }));
  using encoder = await SentenceEncoder.load({ ...files, "tokenizer.json": tokenizer });
  const found = encoder.tokenize(golden.texts.slice(0, golden.ids.length));
  expect(found.map((row) => [...row])).toEqual(golden.ids);
});

it("a damaged table is refused, or answers in time", () => {
  const bytes = Uint8Array.from(atob(golden.charsmap), (character) => character.charCodeAt(0));
  const encoded = (table: Uint8Array) => btoa(String.fromCharCode(...table));
  for (const length of [0, 3, 4, 100]) expect(() => precompiled(encoded(bytes.slice(0, length)))).toThrow(/damaged/);
  for (let seed = 1; seed < 60; seed++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 40; i++) damaged[4 + ((seed * 7919 + i * 104_729) % (bytes.length - 4))]! ^= 1 << (i % 8);
    const steps = precompiled(encoded(damaged));
    const normalize = (text: string) => atOnce(steps(text));
    try {
      for (const text of golden.texts.slice(0, 40)) expect(typeof normalize(text)).toBe("string");
    } catch (error) {
      expect(String(error)).toMatch(/precompiled_charsmap makes \d+ characters of one/);
    }
  }
});
