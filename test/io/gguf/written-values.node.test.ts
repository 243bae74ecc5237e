import { expect, it } from "vitest";
import { bytesSource, ConfigError, openGguf } from "../../../ts/index.js";
import { streamGguf, writeGguf, type WrittenValue } from "../../../ts/io/gguf/write.js";
import { goldenBytes } from "../../golden.js";

it("values of every type are read as they were written", async () => {
  const lists = [
    Uint8Array.of(0, 255),
    Int8Array.of(-128, 127),
    Uint16Array.of(65535),
    Int16Array.of(-32768),
    Uint32Array.of(4294967295),
    Int32Array.of(-5),
    Float32Array.of(0.5, NaN),
    Float64Array.of(0.1),
    BigUint64Array.of(2n ** 64n - 1n),
    BigInt64Array.of(-1n),
    ["", "ä", "𝄞".repeat(100_000)],
  ];
  const scalars: [WrittenValue, unknown][] = [
    ["", ""],
    ["Straße", "Straße"],
    [true, true],
    [false, false],
    [{ uint32: 4294967295 }, 4294967295],
    [{ int32: -1 }, -1],
    [{ uint64: 2 ** 40 }, 2 ** 40],
    [{ float32: 0.1 }, Math.fround(0.1)],
    [{ float64: 0.1 }, 0.1],
  ] as [WrittenValue, unknown][];
  const all = [...scalars, ...lists.map((list) => [list, list] as [WrittenValue, unknown])];
  const metadata = new Map(all.map(([value], i) => [`key ${i}`, value]));
  const file = await openGguf(bytesSource(writeGguf(metadata, [])));
  expect([...file.metadata.values()]).toEqual(all.map(([, value]) => value));
});

it("values of another file are taken over with their types, those of lists in lists too", async () => {
  const before = await openGguf(bytesSource(await goldenBytes("gguf/values.gguf")));
  const metadata = new Map<string, WrittenValue>();
  for (const key of before.metadata.keys()) metadata.set(key, { stored: await before.rawMetadata(key) });
  const after = await openGguf(bytesSource(writeGguf(metadata, [])));
  expect(after.metadata).toEqual(before.metadata);
  for (const key of metadata.keys()) expect(await after.rawMetadata(key)).toEqual(await before.rawMetadata(key));
  await expect(after.rawMetadata("none")).rejects.toThrow(ConfigError);
});

it("a tensor's bytes are as many as its type and shape say", async () => {
  const plan = { name: "a", type: "Q8_0", shape: [2, 32] };
  const made: number[] = [];
  const sink = { write: async (bytes: Uint8Array) => void made.push(bytes.length) };
  const bytesOf = (length: number) =>
    async function* () {
      yield new Uint8Array(length);
    };
  for (const length of [67, 69])
    await expect(streamGguf(sink, new Map(), [plan], bytesOf(length))).rejects.toThrow(/"a" takes 68 bytes, got 6/);
  made.length = 0;
  await streamGguf(sink, new Map(), [plan], bytesOf(68));
  expect([made.slice(1), made[0]! % 32]).toEqual([[68, 28], 0]);
  await expect(streamGguf(sink, new Map(), [{ ...plan, shape: [2, 31] }], bytesOf(68))).rejects.toThrow(ConfigError);
});
