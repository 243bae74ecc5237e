import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, FormatError, UnsupportedError } from "../../../ts/errors/errors.js";
import { blobSource, bytesSource } from "../../../ts/io/byte-source.js";
import {
  openSafetensors,
  readSafetensors,
  streamSafetensors,
  writeSafetensors,
} from "../../../ts/io/safetensors/index.js";
import { goldenBytes, goldenJson } from "../../golden.js";

interface Malformed {
  note: string;
  want: string;
}
const { malformed } = await goldenJson<{ malformed: Record<string, Malformed> }>("adapters/manifest.json");

/** A file with this header text (no padding) and this many bytes of data. */
function fileOf(header: string, data: Uint8Array | number = 0): Uint8Array {
  const json = new TextEncoder().encode(header);
  const rest = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.length + rest.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  bytes.set(rest, 8 + json.length);
  return bytes;
}

/** A file with one tensor of the given bytes. */
const single = (dtype: string, shape: number[], data: Uint8Array) =>
  fileOf(JSON.stringify({ a: { dtype, shape, data_offsets: [0, data.length] } }), data);

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

describe("the golden containers", () => {
  for (const [name, { note, want }] of Object.entries(malformed)) {
    it(`${want.split(" ")[0]}: ${name} (${note})`, async () => {
      const bytes = await goldenBytes(`adapters/malformed/${name}.safetensors`);
      if (want.startsWith("reject")) {
        expect(() => readSafetensors(bytes, name)).toThrow(FormatError);
        expect(() => readSafetensors(bytes, name)).toThrow(new RegExp(`^${name}: `));
        await expect(openSafetensors(bytesSource(bytes), name)).rejects.toThrow(FormatError);
        return;
      }
      const file = readSafetensors(bytes, name);
      const open = await openSafetensors(blobSource(new Blob([bytes])), name);
      expect(open.names).toEqual(file.names);
      for (const tensor of file.names.slice(0, 20)) {
        const { shape, data } = file.tensor(tensor);
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        expect(await open.tensor(tensor)).toEqual({ shape, data });
      }
    });
  }

  it("holds every file of the folder's manifest", () => expect(Object.keys(malformed).length).toBe(38));

  it("reads values of unaligned data, and of scalars", async () => {
    const read = async (name: string) => readSafetensors(await goldenBytes(`adapters/malformed/${name}.safetensors`));
    expect([...(await read("ok_unaligned")).tensor("a").data]).toEqual([...Array(12).keys()]);
    expect((await read("ok_scalar")).tensor("a").shape).toEqual([]);
    const integers = await read("ok_i64_bool");
    expect([...integers.tensor("a").data]).toEqual([1]);
    expect([...integers.tensor("b").data]).toEqual([1, 0, 1, 0]);
    expect((await read("ok_metadata")).metadata.size).toBeGreaterThan(0);
  });

  it("says what a wrong file is", async () => {
    const message = async (name: string) => {
      const bytes = await goldenBytes(`adapters/malformed/${name}.safetensors`);
      try {
        readSafetensors(bytes);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(await message("lfs_pointer")).toMatch(/git-lfs pointer.*git lfs pull/);
    expect(await message("html_disguised")).toMatch(/HTML/);
    expect(await message("gguf_disguised")).toMatch(/GGUF/);
    expect(await message("pickle_disguised")).toMatch(/zip archive/);
    expect(await message("hole")).toMatch(/tensor "b" leaves a hole before it: expected its data at 16, got 32/);
    expect(await message("shape_mismatch")).toMatch(/\[3, 5\] of F32 takes 60 bytes, data_offsets \[0, 48\] hold 48/);
    expect(await message("duplicate_keys")).toMatch(/"a" stands twice/);
    expect(() => readSafetensors(Uint8Array.of(0x80, 2, 0x8a, 0x0a, 1, 2, 3, 4, 5))).toThrow(/pickle/);
    expect(() => readSafetensors(new TextEncoder().encode('{"weight_map": {}}'))).toThrow(/JSON file/);
    expect(() => readSafetensors(new Uint8Array())).toThrow(/an empty file/);
  });
});

describe("readSafetensors refuses", () => {
  const tensor = '{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
  it.each([
    ["a header that starts with a space", ` {"a":${tensor}}`, 4, /begin with \{/],
    ["an escaped duplicate", `{"a":${tensor},"\\u0061" : ${tensor}}`, 4, /stands twice/],
    [
      "duplicates inside a tensor",
      '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      /stands twice/,
    ],
    ["a length written as a float", '{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4, /number 1\.0/],
    [
      "a length beyond 2^53",
      '{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}',
      4,
      /9007199254740993/,
    ],
    [
      "a shape whose product overflows",
      '{"a":{"dtype":"U8","shape":[4503599627370496,4096],"data_offsets":[0,4]}}',
      4,
      /whole number of bytes/,
    ],
    [
      "sub-byte elements that end within a byte",
      '{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}',
      2,
      /whole number of bytes/,
    ],
    ["overlapping tensors", `{"a":${tensor},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, 6, /overlaps/],
    ["bytes left over", `{"a":${tensor}}`, 5, /left over/],
    ["data cut short", `{"a":${tensor}}`, 3, /cut short/],
    ["offsets of three", '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', 4, /\[begin, end\]/],
    ["a tensor that is no object", '{"a":1}', 0, /expected an object/],
    [
      "a dtype found on Object.prototype",
      '{"a":{"dtype":"constructor","shape":[],"data_offsets":[0,0]}}',
      0,
      /unknown dtype/,
    ],
    ["metadata of null", '{"__metadata__":null}', 0, /__metadata__/],
  ])("%s", (_, header, data, message) => {
    const read = () => readSafetensors(fileOf(header, data), "x");
    expect(read).toThrow(FormatError);
    expect(read).toThrow(message);
  });

  it("a header that is not UTF-8", () => {
    const bytes = fileOf('{"a":1}');
    bytes[10] = 0xff;
    expect(() => readSafetensors(bytes)).toThrow(/UTF-8/);
  });

  it("names the file does not have", () => {
    const file = readSafetensors(fileOf(`{"a":${tensor}}`, 4), "m.safetensors");
    expect(() => file.tensor("b")).toThrow(ConfigError);
    expect(() => file.tensor("toString")).toThrow('m.safetensors has no tensor "toString"; it has 1: a');
  });
});

describe("element types", () => {
  const values = (dtype: string, data: ArrayBufferView, shape?: number[]) => [
    ...readSafetensors(single(dtype, shape ?? [bytesOf(data).length], bytesOf(data))).tensor("a").data,
  ];
  const of = (dtype: string, data: ArrayBufferView & { length: number }) => values(dtype, data, [data.length]);

  it("reads integers and float64", () => {
    expect(of("I64", BigInt64Array.of(-1n, 5n, -(2n ** 40n), 2n ** 62n))).toEqual([-1, 5, -(2 ** 40), 2 ** 62]);
    expect(of("U64", BigUint64Array.of(2n ** 64n - 2n ** 40n, 7n))).toEqual([2 ** 64 - 2 ** 40, 7]);
    expect(of("I32", Int32Array.of(-3, 2 ** 30))).toEqual([-3, 2 ** 30]);
    expect(of("U32", Uint32Array.of(2 ** 31))).toEqual([2 ** 31]);
    expect(of("I16", Int16Array.of(-3))).toEqual([-3]);
    expect(of("U16", Uint16Array.of(65535))).toEqual([65535]);
    expect(of("I8", Int8Array.of(-128))).toEqual([-128]);
    expect(of("U8", Uint8Array.of(255))).toEqual([255]);
    expect(of("F64", Float64Array.of(0.1, -1e300))).toEqual([Math.fround(0.1), -Infinity]);
  });

  it("reads 8-bit floats", () => {
    expect(of("F8_E4M3", Uint8Array.of(0x00, 0x01, 0x08, 0x38, 0x7e, 0x7f, 0xb8))).toEqual([
      0,
      2 ** -9,
      2 ** -6,
      1,
      448,
      NaN,
      -1,
    ]);
    expect(of("F8_E5M2", Uint8Array.of(0x01, 0x3c, 0x7b, 0x7c, 0xfc, 0x7d))).toEqual([
      2 ** -16,
      1,
      57344,
      Infinity,
      -Infinity,
      NaN,
    ]);
    expect(of("F8_E8M0", Uint8Array.of(127, 128, 254, 255))).toEqual([1, 2, 2 ** 127, NaN]);
    expect(of("F8_E4M3FNUZ", Uint8Array.of(0x40, 0x7f, 0x80, 0x01))).toEqual([1, 240, NaN, 2 ** -10]);
    expect(of("F8_E5M2FNUZ", Uint8Array.of(0x40, 0x7f, 0x80, 0x01))).toEqual([1, 57344, NaN, 2 ** -17]);
  });

  it("gives the bytes of what has no float32 value", () => {
    const file = readSafetensors(single("F4", [2], Uint8Array.of(0x21)));
    expect(() => file.tensor("a")).toThrow(UnsupportedError);
    expect([...file.raw("a")]).toEqual([0x21]);
    expect(() => readSafetensors(single("C64", [1], new Uint8Array(8))).tensor("a")).toThrow(/C64/);
  });

  it("keeps every binary16 and bfloat16 pattern through a round trip", () => {
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (const [dtype, exponent] of [
      ["F16", 0x7c00],
      ["BF16", 0x7f80],
    ] as const) {
      const tensor = readSafetensors(single(dtype, [65536], bytesOf(patterns))).tensor("a");
      const back = readSafetensors(writeSafetensors({ a: tensor }, {}, { dtype })).raw("a");
      const again = new Uint16Array(new Uint8Array(back).buffer);
      for (let i = 0; i < 65536; i++) {
        const isNaN = (i & exponent) === exponent && (i & ~exponent & 0x7fff) !== 0;
        if (isNaN) expect(tensor.data[i]).toBeNaN();
        else if (again[i] !== i) expect.fail(`${dtype} ${i} came back as ${again[i]}`);
      }
    }
  });

  it("rounds to the nearest, ties to even", () => {
    const round = (dtype: "F16" | "BF16", value: number) =>
      readSafetensors(writeSafetensors({ a: { shape: [1], data: Float32Array.of(value) } }, {}, { dtype })).tensor("a")
        .data[0];
    expect(round("F16", 1 + 2 ** -11)).toBe(1);
    expect(round("F16", 1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(round("F16", 1 + 2 ** -11 + 2 ** -20)).toBe(1 + 2 ** -10);
    expect(round("F16", 2 ** -25)).toBe(0);
    expect(round("F16", 3 * 2 ** -25)).toBe(2 ** -23);
    expect(round("F16", 2 ** -14 - 2 ** -26)).toBe(2 ** -14);
    expect(round("F16", 65519)).toBe(65504);
    expect(round("BF16", 1 + 2 ** -8)).toBe(1);
    expect(round("BF16", 1 + 3 * 2 ** -8)).toBe(1 + 2 ** -6);
    expect(round("F16", -Infinity)).toBe(-Infinity);
    expect(round("BF16", NaN)).toBeNaN();
    expect(() => round("F16", 65520)).toThrow(/65520 is too large for F16; write it as BF16 or F32/);
    expect(() => round("BF16", 3.4028234e38)).toThrow(FormatError);
  });

  const ordinary = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-6e4), max: Math.fround(6e4) });
  it.each([
    ["F16", 2 ** -11, 2 ** -25],
    ["BF16", 2 ** -8, 0],
  ] as const)("stays within half a unit in %s", (dtype, relative, absolute) => {
    fc.assert(
      fc.property(fc.array(ordinary, { maxLength: 50 }), (numbers) => {
        const data = Float32Array.from(numbers);
        const back = readSafetensors(writeSafetensors({ a: { shape: [data.length], data } }, {}, { dtype })).tensor(
          "a",
        ).data;
        back.forEach((value, i) => {
          // bfloat16 has float32's exponents, so its subnormals start where float32's do: 2^-134 is half their unit.
          expect(Math.abs(value - data[i]!)).toBeLessThanOrEqual(
            Math.max(Math.abs(data[i]!) * relative, absolute, 2 ** -134),
          );
        });
      }),
    );
  });
});

describe("writing", () => {
  const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
  const tensor = shape.chain((lengths) => {
    const size = lengths.reduce((a, b) => a * b, 1);
    return fc.float32Array({ minLength: size, maxLength: size, noNaN: true }).map((data) => ({ shape: lengths, data }));
  });
  const name = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("__proto__", "constructor", "0", "10", "2", '"', "\\", "é"),
  );
  const names = name.filter((text) => text !== "__metadata__");

  it("gives back what was written, whatever the names", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(names, tensor), { selector: ([key]) => key, maxLength: 8 }),
        fc.uniqueArray(fc.tuple(names, names), { selector: ([key]) => key, maxLength: 3 }),
        (tensors, metadata) => {
          const file = readSafetensors(writeSafetensors(tensors, new Map(metadata)));
          expect([...file.names].sort()).toEqual(tensors.map(([key]) => key).sort());
          for (const [key, value] of tensors) expect(file.tensor(key)).toEqual(value);
          expect(file.metadata).toEqual(new Map(metadata));
        },
      ),
    );
  });

  it("streams the same bytes, and keeps other element types as they are", async () => {
    const tensors = { b: { shape: [3], data: Float32Array.of(1, 2, 3) }, a: { shape: [], data: Float32Array.of(7) } };
    const whole = writeSafetensors(tensors, { format: "pt" });
    const pieces: number[] = [];
    const sink = { write: async (bytes: Uint8Array) => void pieces.push(...bytes) };
    const file = readSafetensors(whole);
    const plans = file.names.map((key) => ({ name: key, ...file.info(key) }));
    await streamSafetensors(sink, plans.reverse(), ({ name: key }) => file.raw(key), { format: "pt" });
    expect(pieces).toEqual([...whole]);

    pieces.length = 0;
    const mixed = readSafetensors(await goldenBytes("adapters/malformed/ok_i64_bool.safetensors"));
    await streamSafetensors(
      sink,
      mixed.names.map((key) => ({ name: key, ...mixed.info(key) })),
      ({ name: key }) => mixed.raw(key),
    );
    const copy = readSafetensors(Uint8Array.from(pieces));
    expect(copy.info("a").dtype).toBe("I64");
    expect([...copy.tensor("b").data]).toEqual([1, 0, 1, 0]);
  });

  it("aligns the data to 8 bytes", () => {
    const bytes = writeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } });
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  });

  it("refuses what cannot be written", async () => {
    const one = { shape: [1], data: Float32Array.of(1) };
    expect(() =>
      writeSafetensors([
        ["a", one],
        ["a", one],
      ]),
    ).toThrow(/two tensors called "a"/);
    expect(() => writeSafetensors({ __metadata__: one })).toThrow(ConfigError);
    expect(() => writeSafetensors({ a: { shape: [2], data: Float32Array.of(1) } })).toThrow(
      /tensor "a": shape \[2\] holds 2 values, got 1/,
    );
    expect(() => writeSafetensors({ a: { shape: [-1, -1], data: Float32Array.of(1) } })).toThrow(
      /whole numbers from 0/,
    );
    expect(() => writeSafetensors({}, { n: 1 as unknown as string })).toThrow(/must be a string/);
    const sink = { write: async () => {} };
    await expect(
      streamSafetensors(sink, [{ name: "a", dtype: "I64", shape: [1] }], () => new Uint8Array(4)),
    ).rejects.toThrow(/takes 8 bytes, got 4/);
  });
});
