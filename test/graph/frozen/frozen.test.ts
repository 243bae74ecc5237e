import { describe, expect, it } from "vitest";
import { frozenMatrix, setStoredMatrix, storedMatrix } from "../../../ts/entry/graph.js";
import { ConfigError, engineInfo, Graph, type NodeId, normal, ShapeError, type Tensor } from "../../../ts/index.js";
import { encodeTensor } from "../../../ts/io/safetensors/index.js";
import { decodeTensor } from "../../../ts/io/safetensors/convert.js";
import { MemoryError } from "../../../ts/errors/errors.js";
import { decodeGroups, encodeGroups, isGroups } from "./groups.js";
import { refuseAllocation, stateOf } from "../allocations.js";

const cases = (["f32", "f16", "bf16", "q8", "q4"] as const).flatMap((format) =>
  [false, true].flatMap((transposed) =>
    ([0, 1, 2] as const).map((packedCopies) => ({ format, transposed, packedCopies })),
  ),
);
type Case = (typeof cases)[number];
const dtypes = { f32: "F32", f16: "F16", bf16: "BF16" } as const;
// Neither is a whole number of groups.
const [IN, OUT] = [70, 45];

const transpose = ({ shape: [rows, columns], data }: Tensor): Tensor => ({
  shape: [columns!, rows!],
  data: data.map((_, i) => data[(i % rows!) * columns! + Math.floor(i / rows!)]!),
});

/** A matrix as one stored, and as the constant of the values that its elements have. */
function both(graph: Graph, { format, transposed }: Case, matrix = normal(graph, [IN, OUT], 1)) {
  const stored = transposed ? transpose(matrix) : matrix;
  const width = stored.shape[1]!;
  const bytes = isGroups(format)
    ? encodeGroups(stored.data, width, format)
    : encodeTensor(stored.data, dtypes[format], "W");
  const data = isGroups(format) ? decodeGroups(bytes, width, format) : decodeTensor(bytes, dtypes[format], "W");
  const values = { shape: stored.shape, data };
  return {
    frozen: frozenMatrix(graph, { shape: matrix.shape, format, transposed, bytes }),
    constant: graph.constant(transposed ? transpose(values) : values),
    bytes,
  };
}

const bits = ({ data }: Tensor) => [...new Uint32Array(data.slice().buffer)];

describe.each(cases)("$format, transposed $transposed, $packedCopies packed copies", (given) => {
  it("is its values to every op, forward and back, to the bit", () => {
    using graph = new Graph({ packedCopies: given.packedCopies });
    const { frozen, constant } = both(graph, given);
    const [a, b] = [graph.variable(normal(graph, [IN, 3], 1)), graph.variable(normal(graph, [3, OUT], 1))];
    const adapters = [{ start: 0, width: OUT, scaling: 0.5 }];
    for (const rows of [1, 2, 3, 5, 9, 40]) {
      const x = graph.variable(normal(graph, [rows, IN], 1));
      const runs: ((w: NodeId) => NodeId)[] = [
        (w) => graph.linear(x, w),
        (w) => graph.loraLinear([x, w, a, b], { bias: false, adapterInput: false, adapters }),
        (w) => graph.matmul(x, w),
        (w) =>
          graph.mul(
            graph.matmul(x, graph.reshape(w, [IN, OUT])),
            graph.sum(graph.slice(w, { dim: 1, start: 2, end: 9 })),
          ),
        (w) => graph.linear(x, graph.columns(w, 5, 20)),
      ];
      for (const run of runs) {
        const [got, want] = [frozen, constant].map((w) =>
          graph.step(() => {
            graph.zeroGrads();
            const y = run(w);
            graph.backward(graph.sum(graph.square(y)));
            return [graph.value(y), ...[x, a, b].map((id) => graph.grad(id)).filter((grad) => grad !== null)].map(bits);
          }),
        );
        expect(got).toEqual(want);
      }
      graph.release([x]);
    }
    const indices = [3, 0, IN - 1, 3];
    const [rows, wanted] = [frozen, constant].map((w) =>
      graph.step(() => bits(graph.value(graph.embedding(w, indices)))),
    );
    expect(rows).toEqual(wanted);
    expect(bits(graph.value(frozen))).toEqual(bits(graph.value(constant)));
    expect(graph.view(frozen, (window) => window[OUT + 1])).toBe(graph.value(constant).data[OUT + 1]);
  });

  it("gives its bytes back, and takes others in any format", () => {
    using graph = new Graph({ packedCopies: given.packedCopies });
    const { frozen, bytes } = both(graph, given);
    const x = graph.constant(normal(graph, [4, IN], 1));
    const y = () => graph.step(() => bits(graph.value(graph.linear(x, frozen))));
    const [before, stored, { used }] = [y(), storedMatrix(graph, frozen), engineInfo().memory];
    if (given.format !== "f32") expect(stored.bytes[0]).toEqual(bytes);
    const other = normal(graph, [IN, OUT], 1);
    graph.setValue(frozen, other);
    expect(bits(graph.value(frozen))).toEqual(bits(other));
    expect(y()).not.toEqual(before);
    setStoredMatrix(graph, frozen, stored);
    expect(y()).toEqual(before);
    expect(engineInfo().memory.used).toBe(used);
  });

  it("gives its memory back to the last byte, and changes nothing where memory is refused", () => {
    using graph = new Graph({ packedCopies: given.packedCopies });
    const x = graph.variable(normal(graph, [4, IN], 1));
    graph.backward(graph.sum(x));
    graph.reserve(1 << 20);
    const { used } = engineInfo().memory;
    for (let failing = 0; ; failing++) {
      const { frozen, constant } = both(graph, given);
      const before = stateOf(graph);
      const use = () => {
        const stored = storedMatrix(graph, frozen);
        graph.step(() => graph.backward(graph.sum(graph.linear(x, frozen))));
        setStoredMatrix(graph, frozen, stored);
      };
      const { error } = refuseAllocation([graph], failing, use);
      if (error !== undefined) {
        expect(error).toBeInstanceOf(MemoryError);
        expect(graph.value(frozen)).toEqual(graph.value(constant));
        expect(graph.attempt.running).toBe(false);
        expect(graph.nodes.length).toBe(before.nodes.length);
      }
      graph.release([frozen, constant]);
      expect(engineInfo().memory.used).toBe(used);
      if (error === undefined) break;
    }
  });
});

it("keeps zeros' signs, subnormals, infinities and NaN of every format", () => {
  using graph = new Graph();
  const special = [0, -0, 2 ** -24, -3 * 2 ** -24, 2 ** -14, 65504, Infinity, -Infinity, NaN, 1, 2 ** -133, 2 ** 127];
  for (const [format, count] of [
    ["f16", 10],
    ["bf16", 12],
    ["f32", 12],
  ] as const) {
    const data = Float32Array.from(special.slice(0, count));
    for (const transposed of [false, true]) {
      const bytes = encodeTensor(data, dtypes[format], "W");
      const shape = transposed ? [1, count] : [count, 1];
      const w = frozenMatrix(graph, { shape: [...shape].reverse(), format, transposed: !transposed, bytes });
      expect([...graph.value(w).data]).toEqual([...decodeTensor(bytes, dtypes[format], "W")]);
      const one = graph.constant({ shape: [1], data: Float32Array.of(1) });
      if (transposed) continue;
      const y = graph.step(() => graph.value(graph.linear(graph.reshape(one, [1, 1]), w)));
      // A product with 1, added to nothing: −0 is 0 then.
      const values = decodeTensor(bytes, dtypes[format], "W");
      expect([...y.data].map((v) => v + 0)).toEqual([...values].map((v) => v + 0));
    }
  }
});

it("keeps subnormal, infinite and NaN scales of groups", () => {
  using graph = new Graph();
  for (const half of [0x0001, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00]) {
    for (const format of ["q8", "q4"] as const) {
      const bytes = Uint8Array.from({ length: format === "q8" ? 34 : 20 }, (_, i) => (i * 77) % 256);
      bytes.set([half & 255, half >> 8]);
      const w = frozenMatrix(graph, { shape: [1, 32], format, bytes });
      expect([...graph.value(w).data]).toEqual([...decodeGroups(bytes, 32, format)]);
    }
  }
});

it("refuses what makes no sense, and nothing has changed", () => {
  using graph = new Graph();
  const bytes = new Uint8Array(12);
  graph.reserve(1 << 16);
  const { used } = engineInfo().memory;
  const make = (change: object) => () => frozenMatrix(graph, { shape: [2, 3], format: "f16", bytes, ...change });
  expect(make({ format: "q9" })).toThrow(/one of "f32", "f16", "bf16", "q8", "q4"/);
  expect(make({ shape: [6] })).toThrow(ShapeError);
  expect(make({ bytes: [bytes, bytes] })).toThrow(/2 rows of 3 elements in f16 are 12 bytes, got 24/);
  expect(make({ bytes: new Float32Array(3) })).toThrow(ConfigError);
  expect(graph.step(() => graph.value(make({ transposed: true })()).data)).toEqual(new Float32Array(6));
  const constant = graph.constant({ shape: [2, 3], data: new Float32Array(6) });
  expect(() => storedMatrix(graph, constant)).toThrow(/is not one that `frozenMatrix` made/);
  const w = make({})();
  expect(() => setStoredMatrix(graph, w, { shape: [3, 2], format: "f16", bytes })).toThrow(ShapeError);
  expect(() => graph.columns(w, 2, 4)).toThrow(ConfigError);
  graph.release([w, constant]);
  expect(engineInfo().memory.used).toBe(used);
});

it("a frozen matrix that a scope returns is copied as its float32 values", () => {
  using graph = new Graph();
  const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  for (const transposed of [false, true]) {
    const id = frozenMatrix(graph, { shape: [2, 3], format: "f32", transposed, bytes });
    graph.step(() => expect(graph.value(graph.scope(() => id))).toEqual(graph.value(id)));
  }
});
