import { own, wrongValues } from "../wrong.js";

class Stranger {
  readonly length = 2;
  readonly inner = [1, 2];
}

const SOME = [
  "NaN",
  "-1",
  "2^53",
  "a big integer",
  "undefined",
  "null",
  "a string",
  "true",
  "an object",
  "a symbol",
  "an object without a prototype",
  "a function",
  "a date",
  "an empty list",
  "a list with a symbol",
  "a list with null",
  "a sparse list",
  "a huge sparse list",
  "a list that claims much",
  "floats",
  "bytes",
  "a buffer",
  "a view",
  "a throwing proxy",
  "a throwing getter",
];

/** Values of which messages say other things than where the call is: copies are of no class of the caller's. */
export const LOSES_CLASS = "an object of a class";
/** Whoever looks at it gets the runtime's own error. */
export const REVOKED = "a revoked proxy";

/** What is wrong for a call, and what messages between threads find hard. */
export function hostileValues(): Record<string, unknown> {
  const all = wrongValues();
  return { ...Object.fromEntries(SOME.map((name) => [name, all[name]])), ...hardToSend() };
}

function hardToSend() {
  const cyclic: Record<string, unknown> = { a: 1 };
  Object.assign(cyclic, { self: cyclic, list: [cyclic] });
  const broad: Record<string, unknown> = {};
  for (const name of ["a", "b", "c"]) broad[name] = broad;
  broad["last"] = () => 1;
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  let deep: unknown[] = [];
  for (let i = 0; i < 20_000; i++) deep = [deep];
  return {
    "a cyclic object": cyclic,
    "a cyclic object with a function in it": broad,
    "detached bytes": detached,
    "a detached buffer": detached.buffer,
    [REVOKED]: revoked.proxy,
    "a promise that rejects": rejected(),
    "a weak map": new WeakMap(),
    "a list nested deeper than the stack": deep,
    "a map": new Map([["a", 1]]),
    [LOSES_CLASS]: new Stranger(),
    "shared bytes": new Uint8Array(new SharedArrayBuffer(4)),
    "a list of getters that throw": [throwing("text"), throwing("label")],
  };
}

function rejected(): Promise<never> {
  const promise = Promise.reject<never>(own);
  promise.catch(() => undefined);
  return promise;
}

const throwing = (name: string) =>
  Object.defineProperty({}, name, {
    enumerable: true,
    get() {
      throw own;
    },
  });
