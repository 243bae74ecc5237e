import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { readExports } from "../../scripts/wasm/interface/rust.mjs";
import * as written from "../../ts/engine/struct.js";

const structs = readExports(root).flatMap(({ structs }) => structs);

type Write = (words: Int32Array, values: unknown, at?: number) => void;
type Written = Record<string, Write | number>;

it.each(structs)("$name is written field by field as the kernels read it", ({ name, fields }) => {
  const { [`write${name}`]: write, [name.replace(/(?!^)([A-Z])/g, "_$1").toUpperCase()]: length } = written as Written;
  expect(length).toBe(fields.length);
  const words = new Int32Array(fields.length + 3).fill(-7);
  const isFloat = fields.map(({ type }) => type === "f32");
  // Each value says which field it is; the largest pointers are above 2 GiB.
  const values = fields.map((_, i) => (isFloat[i] ? -i - 0.5 : 2 ** 32 - 100 + i));
  (write as Write)(words, Object.fromEntries(fields.map(({ name }, i) => [name, values[i]])), 2);
  const [integers, floats] = [new Uint32Array(words.buffer), new Float32Array(words.buffer)];
  expect(fields.map((_, i) => (isFloat[i] ? floats : integers)[i + 2])).toEqual(values);
  // What lies before and behind stays.
  expect([words[0], words[1], words.at(-1)]).toEqual([-7, -7, -7]);
});
