import { describe, expect, it } from "vitest";
import { readAdapter } from "../../ts/io/peft/index.js";
import { readSafetensors, writeSafetensors } from "../../ts/io/safetensors/index.js";
import { parseJson } from "../../ts/io/json.js";
import { modelSource } from "../../ts/io/model-source.js";
import { TextTokenizer } from "../../ts/models/text-tokenizer.js";
import { zeros } from "../../ts/values/tensor.js";
import { tinyTokenizer } from "../models/tiny-encoder.js";

const encode = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const list = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

function safetensors(header: string, data = 0): Uint8Array {
  const text = encode(header);
  const file = new Uint8Array(8 + text.length + data);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  return file;
}

function adapter(count: number, config: (paths: string[]) => object) {
  const paths = list(count, (i) => `m${i}.layers.x${i}`);
  const parts = ["lora_A.weight", "lora_B.weight"];
  const tensors = paths.flatMap((path) =>
    parts.map((part) => [`base_model.model.${path}.${part}`, zeros([1, 1])] as const),
  );
  return {
    "adapter_config.json": encode({ peft_type: "LORA", r: 1, lora_alpha: 1, ...config(paths) }),
    "adapter_model.safetensors": writeSafetensors(tensors),
  };
}

async function tokenizer(changes: object) {
  const source = await modelSource({ "tokenizer.json": encode({ ...tinyTokenizer(), ...changes }) });
  return TextTokenizer.load(source, 32, 2 ** 31);
}
const { model } = tinyTokenizer();
const vocabulary = (count: number) => ({ ...model.vocab, ...Object.fromEntries(list(count, (i) => [`w${i}`, i])) });

/** Files of each kind, of a size; `null` where nothing is to be read. What they throw, if they do, is no matter here. */
const kinds: Record<string, { size: number; make: (n: number) => unknown; read: (made: never) => unknown }> = {
  "tensors of a file": {
    size: 5_000,
    make: (n) => writeSafetensors(list(n, (i) => [`t${i}`, zeros([1])] as const)),
    read: readSafetensors,
  },
  "dimensions of a tensor": {
    size: 200_000,
    make: (n) => safetensors(`{"a":{"dtype":"F32","shape":[${"1,".repeat(n)}1],"data_offsets":[0,4]}}`, 4),
    read: readSafetensors,
  },
  "metadata of a file": {
    size: 20_000,
    make: (n) => safetensors(JSON.stringify({ __metadata__: Object.fromEntries(list(n, (i) => [`k${i}`, "v"])) })),
    read: readSafetensors,
  },
  "tensors that overlap": {
    size: 20_000,
    make: (n) =>
      safetensors(`{${list(n, (i) => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`).join()}}`, 1),
    read: readSafetensors,
  },
  "open brackets": { size: 2_000_000, make: (n) => "[".repeat(n), read: (text) => parseJson(text, Error) },
  backslashes: { size: 1_000_000, make: (n) => `"${"\\\\".repeat(n)}`, read: (text) => parseJson(text, Error) },
  "quotes in a string": {
    size: 1_000_000,
    make: (n) => `"${'\\"'.repeat(n)}"`,
    read: (text) => parseJson(text, Error),
  },
  "a long number": { size: 1_000_000, make: (n) => `[${"1".repeat(n)}]`, read: (text) => parseJson(text, Error) },
  "names of modules": {
    size: 1_000,
    make: (n) => adapter(n, (paths) => ({ target_modules: paths })),
    read: readAdapter,
  },
  "modules under a pattern": {
    size: 1_000,
    make: (n) => adapter(n, () => ({ target_modules: "(.+)+!|.*layers.*" })),
    read: readAdapter,
  },
  "a pattern's choices": {
    size: 400,
    make: (n) => adapter(3, () => ({ target_modules: `${list(n, (i) => `a${i}`).join("|")}|.*` })),
    read: readAdapter,
  },
  "pieces of a vocabulary": {
    size: 20_000,
    make: (n) => ({ model: { ...model, vocab: vocabulary(n) } }),
    read: tokenizer,
  },
  "added tokens": {
    size: 5_000,
    make: (n) => ({ added_tokens: list(n, (i) => ({ id: i, content: `<${i}>`, normalized: i % 2 === 0 })) }),
    read: tokenizer,
  },
  merges: {
    size: 20_000,
    make: (n) => ({ model: { type: "BPE", vocab: vocabulary(n), merges: list(n, (i) => `w${i} w${i}`) } }),
    read: tokenizer,
  },
};

async function milliseconds(body: () => unknown): Promise<number> {
  const start = performance.now();
  await (async () => body())().catch(() => {});
  return performance.now() - start;
}

describe("time is in proportion to a file's", () => {
  it.each(Object.keys(kinds))("%s", async (name) => {
    const { size, make, read } = kinds[name]!;
    const best = async (n: number) => {
      const made = make(n) as never;
      const times: number[] = [];
      for (let i = 0; i < 3; i++) times.push(await milliseconds(() => read(made)));
      return Math.min(...times);
    };
    await best(size / 4);
    const [once, fourTimes] = [await best(size), await best(4 * size)];
    // Four times as much takes 16 times as long where every part is compared with every other.
    expect(fourTimes).toBeLessThan(9 * once + 60);
  });
});
