import { describe, expect, it } from "vitest";
import { Message } from "../../../bench/onnx/protobuf.mjs";
import { readOnnx } from "../../../ts/io/onnx/model.js";
import { bytesInMemory, constant, model, node } from "./onnx-bytes.js";

const read = (bytes: Uint8Array) => readOnnx(bytesInMemory(bytes), "model.onnx");
const ofConstants = (...constants: Message[]) => model([], constants);
const outside = (entries: Record<string, string>) => ofConstants(constant("w", [2, 2], entries));
const at = (entries: Record<string, string>) => outside({ location: "data", ...entries });

function nested(depth: number): Message {
  if (depth === 0) return new Message().text(2, "inner");
  return new Message().message(1, new Message().message(5, new Message().message(6, nested(depth - 1))));
}

const hostile: [string, Uint8Array, RegExp][] = [
  ["a length beyond the file", Uint8Array.of(0x3a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20), /takes 1099511627776 bytes/],
  ["a length beyond 2^53", Uint8Array.of(0x3a, ...new Array<number>(8).fill(0xff), 0x7f), /takes NaN bytes/],
  ["a number without an end", Uint8Array.of(0x3a, ...new Array<number>(40).fill(0x80)), /a number has no end/],
  ["a type of field that there is not", Uint8Array.of(0x3b), /is no type of field/],
  ["graphs in graphs", new Message().message(7, nested(40)).encoded(), /more than 16 deep/],
  ["thousands of dims", ofConstants(constant("w", new Array<number>(5000).fill(1), new Uint8Array(4))), /64 dims/],
  ["dims beyond 2^53", ofConstants(constant("w", [2 ** 40, 2 ** 40], new Uint8Array(4))), /are no shape/],
  ["fewer bytes than dims", ofConstants(constant("w", [2, 3], new Uint8Array(20))), /takes 24 bytes, got 20/],
  ["more bytes than dims", ofConstants(constant("w", [2, 3], new Uint8Array(14), 10)), /of F16 takes 12 bytes, got 14/],
  ["integers likewise", ofConstants(constant("w", [2], new Uint8Array(8), 7)), /type 7 takes 16 bytes, got 8/],
  ["a name of a book's length", model([node("Add", ["n".repeat(5000)], ["y"])], []), /a name or path of 5000 bytes/],
  ["no place", outside({}), /must lie in a file beside the model's, got ""/],
  ["an offset beyond 2^53", at({ offset: "9007199254740993" }), /from "9007199254740993" of "data"/],
  ["an offset and a length beyond it", at({ offset: "9007199254740990" }), /from "9007199254740990"/],
  ["an offset below 0", at({ offset: "-16" }), /from "-16"/],
  ["an offset in other digits", at({ offset: "0x10" }), /from "0x10"/],
  ["a length that is not the dims'", at({ length: "17" }), /"17" bytes from "0" of "data", expected 16/],
  ...["../data", "/etc/passwd", "a/../../data", "C:\\data", "..\\data", "a\0b", ".", "d".repeat(501)].map(
    (location): [string, Uint8Array, RegExp] => [
      `a path such as ${JSON.stringify(location).slice(0, 20)}`,
      outside({ location }),
      /must lie in a file beside/,
    ],
  ),
];

describe("an ONNX model from a stranger", () => {
  it.each(hostile)("with %s is refused", (_what, bytes, says) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ name: "FormatError", message: expect.stringMatching(says) as unknown }),
    );
    expect(() => read(bytes)).toThrow(/^model\.onnx: expected an ONNX model, got damaged bytes: .{1,800}$/s);
  });

  it("with a hundred thousand empty constants is read, and none is kept", () => {
    const empty = new Message().repeated("message", 5, new Array(100_000).fill(new Message()));
    const { tensors, beside } = read(new Message().message(7, empty).encoded());
    expect([tensors.length, beside.length]).toEqual([0, 0]);
  });

  it("with more nodes than any model has is refused before they fill the memory", () => {
    const inner = new Message().text(1, "").encoded();
    const nodes = new Uint8Array(4 * 1_400_000);
    for (let i = 0; i < nodes.length; i += 4) nodes.set([0x0a, inner.length, ...inner], i);
    expect(() => read(new Message().bytes(7, nodes).encoded())).toThrow(/more nodes and constants than 256 MiB hold/);
  });

  it("with nodes that hand a tensor round and round says what it is used for in no time", () => {
    const round = Array.from({ length: 2000 }, (_, i) => node("Identity", ["w", `w${i % 7}`], ["w", `w${i % 5}`]));
    const { useOf } = read(model([...round, node("MatMul", ["x", "w3"], ["y"])], []));
    expect([useOf("w"), useOf("w6"), useOf("none")]).toEqual(["product", "product", "none"]);
  });

  it("with a long chain of nodes that hand on says what each tensor is used for, each node looked at once", () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => node("Identity", [`c${i}`], [`c${i + 1}`]));
    const { useOf } = read(model([...chain, node("Gather", ["c20000", "i"], ["y"])], []));
    // Looked up anew for each, that would be 200 million nodes.
    expect(new Set(Array.from({ length: 20_001 }, (_, i) => useOf(`c${i}`)))).toEqual(new Set(["rows"]));
  });

  it("with a node that takes one constant thousands of times, and gives thousands, has one user of it at once", () => {
    const outputs = Array.from({ length: 3000 }, (_, i) => `o${i}`);
    const split = node("Split", new Array<string>(30_000).fill("w"), outputs);
    const { useOf, countUsers } = read(model([split, node("Add", ["o7", "o7"], ["y"])], []));
    const before = performance.now();
    expect([useOf("w"), countUsers("w")]).toEqual(["product", 1]);
    expect(performance.now() - before).toBeLessThan(500);
  });
});

it("the elements of constants are not read with the model, wherever they lie", () => {
  const bytes = model(
    [node("MatMul", ["x", "w"], ["y"])],
    [
      constant("v", [1000, 1000], new Uint8Array(4_000_000)),
      constant("w", [1000, 1000], new Uint8Array(4_000_000)),
      constant("far", [2, 2], { location: "./a//b", offset: "4503599627370496", length: "16" }),
    ],
  );
  let count = 0;
  const file = {
    size: bytes.length,
    read: (begin: number, end: number) => ((count += end - begin), bytes.subarray(begin, end)),
  };
  const { tensors, beside } = readOnnx(file, "model.onnx");
  expect(count).toBeLessThan(500_000);
  expect(tensors.map(({ name, shape }) => [name, ...shape])).toEqual([
    ["v", 1000, 1000],
    ["w", 1000, 1000],
    ["far", 2, 2],
  ]);
  expect(beside.map(({ place }) => place)).toEqual([{ location: "a/b", offset: 2 ** 52, length: 16 }]);
});
