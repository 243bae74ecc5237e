import { afterEach, describe, expect, it } from "vitest";
import {
  blobSource,
  bytesSource,
  ConfigError,
  FormatError,
  type IndexFormat,
  LowrankError,
  readSafetensors,
  SearchIndex,
} from "../../ts/index.js";
import { engine } from "../../ts/engine/engine.js";
import { byteLength, fillSafetensors } from "../../ts/io/safetensors/index.js";
import { randomVectors } from "./brute-force.js";

const used = engine().heap.used;
afterEach(() => expect(engine().heap.used).toBe(used));

const vectors = randomVectors(40, 11, 1);
const ids = vectors.map((_, i) => (i % 2 === 0 ? `d${i} ≠ \ud800"` : -i));

function saved(format: IndexFormat): Uint8Array<ArrayBuffer> {
  const ranges = [new Float32Array(11).fill(-3), new Float32Array(11).fill(3)] as const;
  const metadata = { model: "tiny", cut: "half \ud800", ["__proto__"]: "x" };
  using index = SearchIndex.create({ dimensions: 11, format, metadata, ...(format === "int8" && { ranges }) });
  index.add(ids, vectors);
  return index.save();
}

const formats = ["float32", "int8", "binary"] as const;

describe.each(formats)("a saved index of %s", (format) => {
  const file = saved(format);

  it("is safetensors with its vectors or codes, ids, and ranges", () => {
    const tensors = readSafetensors(file);
    const expected = { float32: ["ids", "vectors"], int8: ["codes", "ids", "ranges"], binary: ["codes", "ids"] };
    expect([...tensors.names].sort()).toEqual(expected[format]);
    expect(JSON.parse(new TextDecoder().decode(tensors.raw("ids")))).toEqual(ids);
    const name = format === "float32" ? "vectors" : "codes";
    expect(tensors.info(name).shape).toEqual([40, format === "binary" ? 2 : 11]);
  });

  it("opens from every kind of source as it was", async () => {
    const blob = new Blob([file]);
    const sources = [file, blob, bytesSource(file), blobSource(blob), { getFile: async () => blob }];
    for (const source of sources) {
      using index = await SearchIndex.open(source);
      expect(index.save()).toEqual(file);
      expect([index.dimensions, index.format, index.similarity, index.size]).toEqual([11, format, "cosine", 40]);
      expect([index.metadata["model"], index.metadata["cut"]]).toEqual(["tiny", "half \ud800"]);
      expect(index.search(vectors[3]!, { topK: 1 })[0]!.id).toBe(-3);
    }
  });

  it("opens after any bit was turned, or throws a short error of ours; the source is closed", async () => {
    for (let bit = 0; bit < 8 * file.length; bit += 37) {
      const damaged = file.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      let open = 1;
      try {
        using index = await SearchIndex.open({ ...bytesSource(damaged), close: async () => void open-- });
        index.search(vectors[0]!);
      } catch (error) {
        expect(error).toBeInstanceOf(LowrankError);
        expect((error as Error).message.length).toBeLessThan(600);
      }
      expect(open).toBe(0);
    }
  });

  it("cut short anywhere is refused", async () => {
    for (let length = 0; length < file.length; length += 13)
      await expect(SearchIndex.open(file.subarray(0, length))).rejects.toThrow(FormatError);
  });
});

/** A file with other tensors or other settings. */
function edited(
  format: IndexFormat,
  change: (
    parts: Record<string, { dtype: string; shape: number[]; bytes: Uint8Array }>,
    index: Record<string, unknown>,
  ) => void,
): Uint8Array {
  const file = readSafetensors(saved(format));
  const parts = Object.fromEntries(
    file.names.map((name) => [name, { ...file.info(name), shape: [...file.info(name).shape], bytes: file.raw(name) }]),
  );
  const index = JSON.parse(file.metadata.get("index")!) as Record<string, unknown>;
  change(parts, index);
  const plans = Object.entries(parts).map(([name, part]) => ({ name, ...part }));
  return fillSafetensors(
    plans,
    ({ bytes, dtype, shape }, into) => into.set(bytes.subarray(0, byteLength(dtype, shape))),
    {
      format: "lowrank-search-index",
      index: JSON.stringify(index),
    },
  );
}

const text = (value: unknown) => {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return { dtype: "U8", shape: [bytes.length], bytes };
};

describe("a stranger's file is refused", () => {
  it.each<[string, IndexFormat, Parameters<typeof edited>[1], RegExp]>([
    ["another version", "int8", (_, index) => (index["version"] = 2), /version 1, got 2/],
    ["dimensions of a billion", "int8", (_, index) => (index["dimensions"] = 1e9), /expected dimensions/],
    ["other dimensions", "int8", (_, index) => (index["dimensions"] = 12), /expected a tensor codes \[n, 12\]/],
    ["no metadata", "int8", (_, index) => (index["metadata"] = null), /expected dimensions/],
    ["another format", "binary", (_, index) => (index["format"] = "int8"), /tensor codes .* of I8/],
    ["no ids", "float32", (parts) => delete parts["ids"], /expected a tensor ids/],
    ["no codes", "binary", (parts) => delete parts["codes"], /expected a tensor codes/],
    ["fewer ids", "float32", (parts) => (parts["ids"] = text(ids.slice(1))), /ids to be a list of 40/],
    ["ids that are no list", "float32", (parts) => (parts["ids"] = text({})), /ids to be a list/],
    [
      "an id that is no name",
      "float32",
      (parts) => (parts["ids"] = text([...ids.slice(1), null])),
      /an id is a string/,
    ],
    ["an id twice", "float32", (parts) => (parts["ids"] = text([...ids.slice(1), "-1"])), /the id "-1" is there twice/],
    [
      "deep ids",
      "float32",
      (parts) => (parts["ids"] = text(JSON.parse("[".repeat(200) + "]".repeat(200)))),
      /100 levels/,
    ],
    [
      "NaN among vectors",
      "float32",
      (parts) => (parts["vectors"]!.bytes = parts["vectors"]!.bytes.slice().fill(255, 440, 444)),
      /NaN/,
    ],
    ["NaN among ranges", "int8", (parts) => (parts["ranges"]!.bytes = parts["ranges"]!.bytes.slice().fill(255)), /NaN/],
    [
      "ranges the other way",
      "int8",
      (parts) => (parts["ranges"]!.bytes = parts["ranges"]!.bytes.map((byte, i) => (i % 4 === 3 ? byte ^ 0x80 : byte))),
      /smallest values/,
    ],
    [
      "bits after the last",
      "binary",
      (parts) => (parts["codes"]!.bytes = parts["codes"]!.bytes.map(() => 255)),
      /zeros after the last/,
    ],
  ])("%s", async (_, format, change, message) => {
    await expect(SearchIndex.open(edited(format, change))).rejects.toThrow(message);
    await expect(SearchIndex.open(edited(format, change))).rejects.toThrow(FormatError);
  });

  it("other kinds of files and sources", async () => {
    using empty = SearchIndex.create({ dimensions: 1 });
    const other = fillSafetensors([], () => undefined, { format: "pt" });
    await expect(SearchIndex.open(other)).rejects.toThrow('got one of format "pt"');
    await expect(SearchIndex.open(new TextEncoder().encode("GGUF"))).rejects.toThrow(FormatError);
    await expect(SearchIndex.open(null as never)).rejects.toThrow(ConfigError);
    await expect(SearchIndex.open(7 as never)).rejects.toThrow(ConfigError);
    await expect(SearchIndex.open(empty.save(), { engine: 1 } as never)).rejects.toThrow("engine");
    using opened = await SearchIndex.open(empty.save());
    expect(opened.search([1])).toEqual([]);
  });
});

it("codes that make up most of a large file need no more memory than they have", async () => {
  const [count, dimensions] = [20_000, 64];
  const ranges = [new Float32Array(dimensions).fill(-2), new Float32Array(dimensions).fill(2)] as const;
  using index = SearchIndex.create({ dimensions, format: "int8", ranges });
  const before = engine().heap.used;
  index.add(
    Array.from({ length: count }, (_, i) => i),
    randomVectors(count, dimensions, 2),
  );
  const file = index.save();
  const blocks = Math.ceil((count * dimensions) / 2 ** 20) * 2 ** 20;
  expect(engine().heap.used - before).toBeLessThanOrEqual(blocks);
  let most = 0;
  const source = bytesSource(file);
  const read = (offset: number, length: number) => {
    most = Math.max(most, length);
    return source.read(offset, length);
  };
  using opened = await SearchIndex.open({ ...source, read });
  expect(most).toBeLessThanOrEqual(2 ** 20);
  expect(opened.save()).toEqual(file);
});
