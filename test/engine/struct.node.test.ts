import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import {
  ATTENTION_GRADIENT,
  ATTENTION_PLAN,
  type AttentionGradientStruct,
  type AttentionPlanStruct,
  LORA_FORWARD,
  type LoraForwardStruct,
  writeAttentionGradient,
  writeAttentionPlan,
  writeLoraForward,
} from "../../ts/engine/struct.js";

const [attention, lora] = ["attention", "gemm/lora"].map((name) =>
  readFileSync(join(root, `crates/wasm/src/${name}.rs`), "utf8"),
) as [string, string];

interface Field {
  readonly name: string;
  readonly isFloat: boolean;
}

/** Fields of a `#[repr(C)]` struct of the kernels, in order; all are of 4 bytes, which the crate itself asserts. */
function fieldsInRust(source: string, name: string): Field[] {
  const [, body] = new RegExp(`#\\[repr\\(C\\)\\]\\s*pub struct ${name} \\{([^}]*)\\}`).exec(source)!;
  return [...body!.matchAll(/pub (\w+): ([^,]+),/g)].map(([, field, type]) => {
    expect(type).toMatch(/^(f32|usize|u32|\*(const|mut) (f32|i32))$/);
    const camel = field!.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
    return { name: camel, isFloat: type === "f32" };
  });
}

it.each([
  [
    "AttentionPlan",
    (words: Int32Array, values: unknown) => writeAttentionPlan(words, values as AttentionPlanStruct),
    ATTENTION_PLAN,
    attention,
  ],
  [
    "AttentionGradient",
    (words: Int32Array, values: unknown) => writeAttentionGradient(words, values as AttentionGradientStruct),
    ATTENTION_GRADIENT,
    attention,
  ],
  [
    "LoraForward",
    (words: Int32Array, values: unknown) => writeLoraForward(words, values as LoraForwardStruct),
    LORA_FORWARD,
    lora,
  ],
] as const)("%s is written field by field as the kernels read it", (name, write, length, source) => {
  const fields = fieldsInRust(source, name);
  expect(fields.length).toBe(length);
  expect(source).toContain(`size_of::<${name}>() == ${length} * 4`);
  const words = new Int32Array(length + 1).fill(-7);
  // Each value says which field it is; the largest pointers are above 2 GiB.
  const valueOf = (i: number) => (fields[i]!.isFloat ? -i - 0.5 : 2 ** 32 - 100 + i);
  write(words, Object.fromEntries(fields.map(({ name }, i) => [name, valueOf(i)])));
  const [integers, floats] = [new Uint32Array(words.buffer), new Float32Array(words.buffer)];
  fields.forEach(({ isFloat }, i) => expect((isFloat ? floats : integers)[i]).toBe(valueOf(i)));
  // What lies behind is the table.
  expect(words[length]).toBe(-7);
});
