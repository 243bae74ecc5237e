import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { attentionGradient, attentionPlan, wordsOf, writeStruct } from "../../ts/engine/struct.js";

const source = readFileSync(join(root, "crates/wasm/src/attention.rs"), "utf8");

/** Fields of a `#[repr(C)]` struct of the kernels, in order; all are of 4 bytes, which the crate itself asserts. */
function fieldsInRust(name: string): Record<string, string> {
  const [, body] = new RegExp(`#\\[repr\\(C\\)\\]\\s*pub struct ${name} \\{([^}]*)\\}`).exec(source)!;
  const fields = [...body!.matchAll(/pub (\w+): ([^,]+),/g)].map(([, field, type]) => {
    const camel = field!.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return [camel, type === "f32" ? "f32" : /^(usize|u32|\*(const|mut) f32)$/.test(type!) ? "u32" : type!];
  });
  return Object.fromEntries(fields) as Record<string, string>;
}

it.each([
  ["AttentionPlan", attentionPlan, 15],
  ["AttentionGradient", attentionGradient, 11],
] as const)("%s has the same fields, in the same order, on both sides", (name, layout, words) => {
  expect(Object.entries(fieldsInRust(name))).toEqual(Object.entries(layout));
  expect(wordsOf(layout)).toBe(words);
  expect(source).toContain(`size_of::<${name}>() == ${words} * 4`);
});

it("a struct is written field after field, integers as they are and floats by their bits", () => {
  const layout = { a: "u32", x: "f32", b: "u32" } as const;
  const words = writeStruct(layout, { b: 2 ** 32 - 1, x: -0.5, a: 7 }, new Int32Array(5));
  expect([...new Uint32Array(words.buffer)]).toEqual([7, 0xbf000000, 2 ** 32 - 1, 0, 0]);
});
