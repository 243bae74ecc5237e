import { describe, expect, it } from "vitest";
import { AdapterError, LowrankError } from "../../../ts/errors/errors.js";
import type { FileMap } from "../../../ts/io/file-access.js";
import { checkAdapter, readAdapter, targetTest, writeAdapter } from "../../../ts/io/peft/index.js";
import { readSafetensors, streamSafetensors, writeSafetensors } from "../../../ts/io/safetensors/index.js";
import { encodeTensor } from "../../../ts/io/safetensors/index.js";
import { adapterFiles, baseFiles } from "./adapters.js";

const [CONFIG, WEIGHTS] = ["adapter_config.json", "adapter_model.safetensors"] as const;
const plain = await adapterFiles("valid/llama_plain");
const text = new TextDecoder().decode(plain[CONFIG]);
const encode = (value: string) => new TextEncoder().encode(value);

/** An adapter's files with another text as configuration. */
const withText = (config: string): FileMap => ({ ...plain, [CONFIG]: encode(config) });
const withFields = (changes: object) => withText(JSON.stringify({ ...JSON.parse(text), ...changes }));

/** What a call throws, which must be one of ours and short. */
function failure(body: () => unknown): LowrankError {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(LowrankError);
    expect((error as Error).message.length).toBeLessThan(2000);
    expect(JSON.stringify((error as LowrankError).details).length).toBeLessThan(20_000);
    return error as LowrankError;
  }
  throw new Error("nothing was thrown");
}

describe("weights that are none", () => {
  const file = readSafetensors(plain[WEIGHTS]!);
  const names = file.names.filter((name) => name.endsWith("lora_B.weight"));
  const name = names[1]!;

  /** The adapter with some values of one tensor replaced, as float32. */
  function withValues(values: Record<number, number>): FileMap {
    const tensors = new Map(file.names.map((key) => [key, file.tensor(key)]));
    for (const [at, value] of Object.entries(values)) tensors.get(name)!.data[Number(at)] = value;
    return { ...plain, [WEIGHTS]: writeSafetensors(tensors) };
  }

  it.each<[string, Record<number, number>, RegExp]>([
    ["NaN", { 6: NaN }, /has 1 value that is not finite: NaN at \[1, 2\], of 64/],
    ["infinities", { 63: -Infinity, 5: Infinity }, /has 2 values that are not finite, the first Infinity at \[1, 1\]/],
  ])("refuses %s by name, unless told otherwise", (_, values, message) => {
    const files = withValues(values);
    const error = failure(() => readAdapter(files));
    expect(error).toBeInstanceOf(AdapterError);
    expect(error.message).toContain(name);
    expect(error.message).toMatch(message);
    expect(error.message).toContain("allowNonFinite: true");
    const adapter = readAdapter(files, { allowNonFinite: true });
    const path = name.slice("base_model.model.".length, -".lora_B.weight".length);
    const finite = [...adapter.layers.get(path)!.loraB.data].filter((value) => Number.isFinite(value)).length;
    expect(finite).toBe(64 - Object.keys(values).length);
  });

  it.each(["I32", "I64", "U8", "BOOL"] as const)("refuses elements of type %s, whatever is allowed", async (dtype) => {
    const parts: Uint8Array[] = [];
    const size = { I32: 4, I64: 8, U8: 1, BOOL: 1 }[dtype];
    await streamSafetensors(
      { write: async (bytes) => void parts.push(bytes) },
      file.names.map((key) => ({ name: key, dtype: key === name ? dtype : "F32", shape: file.info(key).shape })),
      ({ name: key }) => (key === name ? new Uint8Array(64 * size) : encodeTensor(file.tensor(key).data, "F32", key)),
    );
    const files = { ...plain, [WEIGHTS]: Uint8Array.from(parts.flatMap((part) => [...part])) };
    const error = failure(() => readAdapter(files, { allowNonFinite: true }));
    expect(error.message).toContain(name);
    expect(error.message).toContain(`elements of type ${dtype}`);
  });
});

describe("patterns", () => {
  const evil = "(.+)+!|.*q_proj|.*v_proj";
  const path = "model.layers.0.self_attn.q_proj".repeat(20);

  it.each<[string, object]>([
    ["target_modules", { target_modules: evil }],
    ["exclude_modules", { exclude_modules: "(.+)+!" }],
    ["rank_pattern", { rank_pattern: { "(.+)+!": 3 } }],
    ["alpha_pattern", { alpha_pattern: { "(.+)+!": 3 } }],
    ["layers_pattern", { layers_to_transform: [0, 1], layers_pattern: ["(.+)+!", "layers"] }],
    ["modules_to_save", { modules_to_save: ["(.+)+!"] }],
  ])("of %s are matched in few steps", async (_, changes) => {
    const base = await baseFiles("tiny_llama");
    // Steps are counted, and what takes too many is refused.
    expect(() => checkAdapter(readAdapter(withFields(changes)), base)).not.toThrow();
  });

  it("match long paths in few steps", () => {
    const isTarget = targetTest({ ...readAdapter(plain).config, targetModules: evil });
    expect(isTarget(`${path}?`)).toBe(false);
    expect(isTarget(path)).toBe(true);
  });

  it("that need more than a walk are refused by name", () => {
    expect(failure(() => readAdapter(withFields({ target_modules: "(a)\\1" }))).message).toMatch(/a back-reference/);
    expect(failure(() => readAdapter(withFields({ target_modules: "(?>a)b" }))).message).toMatch(/an atomic group/);
    const nested = `${"(?=.*".repeat(50)}z${")".repeat(50)}.*`;
    const isTarget = targetTest({ ...readAdapter(plain).config, targetModules: nested });
    expect(failure(() => isTarget("a.".repeat(100))).message).toMatch(/take too long/);
    expect(failure(() => readAdapter(withFields({ target_modules: "((a{1000}){1000})" }))).message).toMatch(
      /10000 steps/,
    );
  });
});

describe("configurations", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);

  it.each<[string, string, RegExp]>([
    ["nested without end", text.replace("{", `{"deep": ${nested(20_000)},`), /at most 100 levels/],
    ["with a field twice", text.replace("{", '{"r": 8,'), /the key "r" stands twice/],
    ["with a number beyond float64", text.replace("{", '{"x": 1e999,'), /1e999 is larger/],
    ["with half a surrogate pair", text.replace("{", '{"x": "\\ud800",'), /half a surrogate pair/],
    ["that are a huge string", `"${"x".repeat(3e6)}"`, /expected a JSON object, got "xxx/],
    ["of a huge kind", JSON.stringify({ peft_type: "x".repeat(3e6) }), /expected peft_type "LORA", got "xxx/],
    [
      "with a huge rank",
      JSON.stringify({ ...JSON.parse(text), r: "9".repeat(3e6) }),
      /expected r to be a whole number/,
    ],
    [
      "with huge targets",
      JSON.stringify({ ...JSON.parse(text), target_modules: ["y".repeat(3e6)] }),
      /does not target/,
    ],
    [
      "with a huge pattern",
      JSON.stringify({ ...JSON.parse(text), target_modules: "(".repeat(3e6) }),
      /regular expression/,
    ],
    [
      "with too large an α",
      JSON.stringify({ ...JSON.parse(text), lora_alpha: 1e300 }),
      /scaling that float32 can hold/,
    ],
  ])("%s are refused in few words", (_, config, message) => {
    expect(failure(() => readAdapter(withText(config))).message).toMatch(message);
  });

  it("keep unknown fields, and are written only as deep as they can be read", () => {
    const adapter = readAdapter(
      withText(text.replace("{", `{"deep": ${nested(99)}, "constructor": {"__proto__": 1},`)),
    );
    const written = writeAdapter(adapter);
    expect(readAdapter(written).config).toEqual(adapter.config);
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    for (const [value, message] of [
      [cyclic, /at most 100 levels/],
      [NaN, /expected a finite number, got NaN/],
      [() => 1, /got a function/],
      [3n, /got 3/],
    ] as const) {
      const other = new Map([["x", value as never]]);
      expect(failure(() => writeAdapter({ ...adapter, config: { ...adapter.config, other } })).message).toMatch(
        message,
      );
    }
  });
});
