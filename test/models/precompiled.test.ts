import { expect, it } from "vitest";
import { precompiled } from "../../ts/tokenize/precompiled.js";
import { goldenJson } from "../golden.js";

const golden = await goldenJson<{ charsmap: string; texts: string[]; normalized: string[] }>(
  "tokenizers/precompiled.json",
);

it("SentencePiece's table of characters does what the tokenizers library does with it", () => {
  const normalize = precompiled(golden.charsmap);
  expect(golden.texts.map(normalize)).toEqual(golden.normalized);
});

it("a damaged table is refused, or answers in time", () => {
  const bytes = Uint8Array.from(atob(golden.charsmap), (character) => character.charCodeAt(0));
  const encoded = (table: Uint8Array) => btoa(String.fromCharCode(...table));
  for (const length of [0, 3, 4, 100]) expect(() => precompiled(encoded(bytes.slice(0, length)))).toThrow(/damaged/);
  for (let seed = 1; seed < 60; seed++) {
    const damaged = bytes.slice();
    for (let i = 0; i < 40; i++) damaged[4 + ((seed * 7919 + i * 104_729) % (bytes.length - 4))]! ^= 1 << (i % 8);
    const normalize = precompiled(encoded(damaged));
    try {
      for (const text of golden.texts.slice(0, 40)) expect(typeof normalize(text)).toBe("string");
    } catch (error) {
      expect(String(error)).toMatch(/precompiled_charsmap makes \d+ characters of one/);
    }
  }
});
