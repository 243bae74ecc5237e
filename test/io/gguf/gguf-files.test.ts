import { describe, expect, it } from "vitest";
import {
  bytesSource,
  ConfigError,
  FormatError,
  openGguf,
  readSafetensors,
  UnsupportedError,
} from "../../../ts/index.js";
import { goldenBytes } from "../../golden.js";
import { gguf, pair, tensor, text, u32, u64 } from "./build.js";

const emptyLists = (count: number) => Array.from({ length: count }, () => [...u32(0), ...u64(0)]).flat();
const open = (bytes: Uint8Array) => openGguf(bytesSource(bytes), "x.gguf");
const bits = (data: Float32Array) => [...new Uint32Array(data.slice().buffer)];

describe("tensors", async () => {
  const file = await open(await goldenBytes("gguf/blocks.gguf"));
  const values = readSafetensors(await goldenBytes("gguf/blocks.safetensors"));

  it.each(values.names)("%s: what ggml makes of blocks of random bits, to the bit", async (name) => {
    const [got, want] = [await file.tensor(name), values.tensor(name)];
    expect(got.shape).toEqual(want.shape);
    expect(file.info(name)).toMatchObject({ type: name, shape: want.shape });
    const nan = (data: Float32Array) => Array.from(data, (value) => Number.isNaN(value));
    expect(nan(got.data)).toEqual(nan(want.data));
    const finite = (data: Float32Array) => bits(data.map((value) => (Number.isNaN(value) ? 0 : value)));
    expect(finite(got.data)).toEqual(finite(want.data));
    // Scales of every kind, so that NaN, infinities and subnormals are among them.
    if (!["F32", "BF16"].includes(name)) expect(want.data.some((value) => !Number.isFinite(value))).toBe(true);
  });

  it("gives bytes of a part, and refuses parts and types that it cannot give", async () => {
    const whole = await file.raw("Q8_0");
    expect(await file.raw("Q8_0", 34, 68)).toEqual(whole.slice(34, 68));
    expect(bits(file.decode("Q8_0", whole.slice(34, 68)))).toEqual(
      bits((await file.tensor("Q8_0")).data.slice(32, 64)),
    );
    await expect(file.raw("Q8_0", 0, whole.length + 1)).rejects.toThrow(ConfigError);
    await expect(file.raw("Q8_0", 2, 1)).rejects.toThrow(ConfigError);
    await expect(file.tensor("none")).rejects.toThrow(/x\.gguf has no tensor "none"; it has 12/);
    await expect(file.tensor("IQ4_NL")).rejects.toThrow(UnsupportedError);
    expect((await file.raw("IQ4_NL")).length).toBe(36);
  });
});

it("reads values of every type", async () => {
  const file = await open(await goldenBytes("gguf/values.gguf"));
  const { "general.architecture": architecture, ...values } = Object.fromEntries(file.metadata);
  expect([file.version, architecture]).toEqual([3, "values"]);
  expect(values).toEqual({
    "general.alignment": 64,
    UINT8: 200,
    INT8: -100,
    UINT16: 60000,
    INT16: -30000,
    UINT32: 4000000000,
    INT32: -2000000000,
    UINT64: 2n ** 63n + 1n,
    INT64: -(2 ** 53) + 1,
    FLOAT32: Math.fround(0.1),
    FLOAT64: 0.1,
    BOOL: true,
    STRING: "naïve 日本 😀",
    numbers: Int32Array.of(1, -2, 3),
    floats: Float32Array.of(0.5, -0.25),
    words: ["a", "", "é", "x".repeat(40)],
    flags: [true, false],
    nested: [Int32Array.of(1, 2), Int32Array.of(3)],
  });
  expect(file.names).toEqual(["vector", "cube", "integers"]);
  expect(await file.tensor("cube")).toEqual({ shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => i) });
  expect((await file.tensor("vector")).data).toEqual(Float32Array.of(0, 1, 2, 3, 4));
});

it("reads a header that is longer than what is read at first, and no more of the file than it needs", async () => {
  const words = Array.from({ length: 200_000 }, (_, i) => text(`word ${i}`)).flat();
  const bytes = gguf({
    pairs: [pair("a", 4, u32(7)), pair("words", 9, [...u32(8), ...u64(200_000), ...words]), pair("b", 7, [1])],
    tensors: [tensor({ name: "t", dimensions: [2] })],
    data: 1 << 24,
  });
  let most = 0;
  const source = bytesSource(bytes);
  const read = (offset: number, length: number) => {
    most = Math.max(most, offset + length);
    return source.read(offset, length);
  };
  const file = await openGguf({ size: source.size, read });
  expect(file.metadata.get("a")).toBe(7);
  expect((file.metadata.get("words") as string[])[199_999]).toBe("word 199999");
  expect(file.metadata.get("b")).toBe(true);
  expect(most).toBeLessThan(2 * (bytes.length - (1 << 24)));
  expect((await file.tensor("t")).data).toEqual(new Float32Array(2));
});

describe("refuses by name", () => {
  const one = tensor({ name: "t", dimensions: [8] });
  const cases: Record<string, readonly [Uint8Array, RegExp]> = {
    "an empty file": [new Uint8Array(0), /expected a GGUF file, got an empty file/],
    "another file": [new TextEncoder().encode("PK\x03\x04…"), /expected a GGUF file, got a zip archive/],
    "a file cut in its start": [gguf({}).slice(0, 10), /the number of tensors takes 8 bytes, 2 are left/],
    "version 1": [gguf({ version: 1 }), /of GGUF version 1; versions 2 and 3 are read/],
    "version 4": [gguf({ version: 4 }), /of GGUF version 4/],
    "big-endian files": [gguf({ version: 3 << 24 }), /big-endian/],
    "more tensors than bytes": [gguf({ counts: [1_000_000, 0] }), /the number of tensors is 1000000, more than/],
    "more metadata than bytes": [gguf({ counts: [0, 2n ** 40n] }), /the number of metadata is 1099511627776/],
    "counts beyond all numbers": [
      gguf({ counts: [0, 2n ** 64n - 1n] }),
      /the number of metadata is 18446744073709551615/,
    ],
    "a key without an end": [
      gguf({ pairs: [[...u64(1e9), ...u64(0)]], counts: [0, 1] }),
      /a key of the metadata takes 1000000000 bytes/,
    ],
    "a key twice": [gguf({ pairs: [pair("a", 7, [1]), pair("a", 7, [1])] }), /metadata "a" stands there twice/],
    "a value of no type": [gguf({ pairs: [pair("a", 13, [])] }), /metadata "a" has a value of type 13/],
    "a truth of two": [gguf({ pairs: [pair("a", 7, [2])] }), /metadata "a" must be 0 or 1, got 2/],
    "text that is not UTF-8": [gguf({ pairs: [pair("a", 8, [...u64(2), 0xc3, 0x28])] }), /metadata "a" is not UTF-8/],
    "a list of no type": [gguf({ pairs: [pair("a", 9, [...u32(99), ...u64(0)])] }), /a list of type 99/],
    "a list longer than the file": [
      gguf({ pairs: [pair("a", 9, [...u32(8), ...u64(2 ** 40)])] }),
      /the length of metadata "a" is 1099511627776/,
    ],
    "lists in lists": [
      gguf({ pairs: [pair("a", 9, Array.from({ length: 5000 }, () => [...u32(9), ...u64(1)]).flat())] }),
      /metadata "a" has lists nested more than 4 deep/,
    ],
    "an alignment of 0": [gguf({ pairs: [pair("general.alignment", 4, u32(0))] }), /power of two, got 0/],
    "an alignment of 48": [gguf({ pairs: [pair("general.alignment", 4, u32(48))] }), /power of two, got 48/],
    "an alignment of text": [gguf({ pairs: [pair("general.alignment", 8, text("32"))] }), /power of two, got "32"/],
    "a tensor of no type": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [8], type: 77 })], data: 32 }),
      /tensor "t" has elements of type 77, which is none that is known/,
    ],
    "a tensor of five dimensions": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [1, 1, 1, 1, 1] })], data: 32 }),
      /tensor "t" has 5 dimensions/,
    ],
    "dimensions whose product is beyond all": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [2 ** 40, 2 ** 40] })], data: 32 }),
      /tensor "t" is \[1099511627776, 1099511627776\], more elements/,
    ],
    "rows that are no whole blocks": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [48, 2], type: 8 })], data: 128 }),
      /tensor "t" has rows of 48 elements; those of type Q8_0 are blocks of 32/,
    ],
    "a tensor twice": [gguf({ tensors: [one, one], data: 64 }), /tensor "t" stands there twice/],
    "an offset out of line": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [2], offset: 8 })], data: 64 }),
      /tensor "t" begins at 8, which is no multiple of the alignment, 32/,
    ],
    "a tensor beyond the file": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [16] })], data: 32 }),
      /tensor "t" ends at \d+ in a file of \d+ bytes: the file is cut short/,
    ],
    "an offset beyond all numbers": [
      gguf({ tensors: [tensor({ name: "t", dimensions: [1], offset: 2n ** 63n })], data: 32 }),
      /tensor "t": its offset is 9223372036854775808/,
    ],
    "tensors that share bytes": [
      gguf({
        tensors: [tensor({ name: "t", dimensions: [16] }), tensor({ name: "u", dimensions: [8], offset: 32 })],
        data: 64,
      }),
      /tensor "u" begins at 32, within "t"/,
    ],
    "a name that is too long": [
      gguf({ tensors: [tensor({ name: "n".repeat(1025), dimensions: [8] })], data: 32 }),
      /has a name longer than 1024/,
    ],
    "more lists than are read": [
      gguf({ pairs: [pair("a", 9, [...u32(9), ...u64(65_536), ...emptyLists(65_536)])] }),
      /its metadata has more than the 65536 lists that are read/,
    ],
    "more values of the metadata than are read": [
      gguf({ counts: [0, 65_537], data: 1_000_000 }),
      /it has 65537 metadata; at most 65536 are read/,
    ],
    "more truth values than are read": [
      gguf({ pairs: [pair("a", 9, [...u32(7), ...u64(1_048_577)])], data: 2_000_000 }),
      /metadata "a" has 1048577 truth values; at most 1048576 are read/,
    ],
  };
  it.each(Object.entries(cases))("%s", async (_, [bytes, message]) => {
    let closed = 0;
    const error: unknown = await openGguf({ ...bytesSource(bytes), close: async () => void closed++ }, "x.gguf").catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^x\.gguf: /);
    expect((error as Error).message.length).toBeLessThan(600);
    expect(closed).toBe(1);
  });

  it("a header longer than any that is read", async () => {
    const size = 2 ** 40;
    const start = gguf({ pairs: [[...text("a"), ...u32(8), ...u64(2 ** 39)]], counts: [0, 1] });
    let most = 0;
    const read = async (offset: number, length: number) => {
      most = Math.max(most, length);
      const bytes = new Uint8Array(length);
      if (offset === 0) bytes.set(start.subarray(0, length));
      return bytes;
    };
    await expect(openGguf({ size, read })).rejects.toThrow(/its header takes more than the 268435456 bytes/);
    expect(most).toBe(1 << 20);
  });

  it("what is no source", async () => {
    await expect(openGguf({ size: 1 } as never)).rejects.toThrow(ConfigError);
    await expect(openGguf(bytesSource(gguf({})), 1 as never)).rejects.toThrow(ConfigError);
    await expect(openGguf({ size: -1, read: async () => new Uint8Array() })).rejects.toThrow(FormatError);
  });
});
