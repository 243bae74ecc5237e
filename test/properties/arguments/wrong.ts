import { Graph, type NodeId, tensor } from "../../../ts/index.js";

/** What a caller's own getters throw: it may pass through. */
export const own = new Error("the caller's own error");

const refuse = (): never => {
  throw own;
};
const traps = ["get", "has", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"] as const;

/** Values that are wrong nearly everywhere, by name. Some are right somewhere, and a call may then succeed. */
export function wrongValues(): Record<string, unknown> {
  return {
    ...numbers,
    ...strangers,
    ...lists(),
    "a throwing proxy": new Proxy({}, Object.fromEntries(traps.map((trap) => [trap, refuse]))),
    "a throwing getter": Object.defineProperty({}, "length", { get: refuse, enumerable: true }),
    "an id of another graph": strangeId(),
    "a stale id": staleId(),
  };
}

const numbers = {
  NaN: NaN,
  Infinity: Infinity,
  "-Infinity": -Infinity,
  "-1": -1,
  "-0": -0,
  "1/2": 0.5,
  "2^31": 2 ** 31,
  "2^32 + 1": 2 ** 32 + 1,
  "-2^31 - 1": -(2 ** 31) - 1,
  "2^53": 2 ** 53,
  "1e300": 1e300,
  "a big integer": 3n,
};

const strangers = {
  undefined: undefined,
  null: null,
  "an empty string": "",
  "a string": "x",
  "a numeral": "2",
  true: true,
  false: false,
  "an object": {},
  "an object without a prototype": Object.create(null) as unknown,
  "a symbol": Symbol("wrong"),
  "a function": () => 1,
  "a date": new Date(0),
};

const lists = () => ({
  "an empty list": [],
  "a list with NaN": [NaN],
  "a list with a fraction": [0.5],
  "a list with a negative number": [-5],
  "a list with two negative numbers": [-1, -6],
  "a list with a string": ["1"],
  "a list with a big integer": [1n],
  "a list with a symbol": [Symbol("wrong")],
  "a list with null": [null],
  "a nested list": [[1, 2]],
  "a list with a huge number": [2 ** 40],
  "a list whose product is huge": [2 ** 26, 2 ** 26],
  "a list of nothing times much": [0, 2 ** 33],
  "a list of infinitely much nothing": [...Array<number>(40).fill(2 ** 52), 0],
  "a list of many lengths": Array<number>(1000).fill(1),
  "a sparse list": Array<number>(3),
  "a huge sparse list": Array<number>(2 ** 32 - 1),
  "a list that claims much": { length: 2 ** 53 - 1 },
  "a list that claims less": { length: 1e9, 0: 0 },
  "a list with a negative length": { length: -1 },
  "a list whose length is text": { length: "2", 0: 0, 1: 0 },
  floats: Float32Array.of(0, NaN, 1),
  doubles: Float64Array.of(0.25, 1e300),
  bytes: new Uint8Array(2),
  "big integers": new BigInt64Array(2),
  "a buffer": new ArrayBuffer(8),
  "a view": new DataView(new ArrayBuffer(8)),
});

function strangeId(): NodeId {
  const other = new Graph();
  const id = other.variable(tensor([1], [1]));
  other.dispose();
  return id;
}

function staleId(): NodeId {
  using graph = new Graph();
  return graph.step(() => graph.constant(tensor([1], [1])));
}
