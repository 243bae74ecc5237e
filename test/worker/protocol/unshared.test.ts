import { expect, it } from "vitest";
import { unshared } from "../../../ts/worker/protocol/peer.js";

const shareable = typeof SharedArrayBuffer !== "undefined";

it("what holds nothing shared is itself, with all that it holds", () => {
  const value = { list: [1, "a", new Float32Array(2)], bytes: new Uint8Array(3), none: null, date: new Date(0) };
  expect(unshared(value)).toBe(value);
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  expect(unshared(circle)).toBe(circle);
  const sparse: unknown[] = [];
  sparse.length = 4_000_000_000;
  expect(unshared(sparse)).toBe(sparse);
});

it("shared arrays of any kind become copies of their part alone, wherever they stand; getters are read once", () => {
  if (!shareable) return expect(unshared({ a: 1 })).toEqual({ a: 1 });
  const buffer = new SharedArrayBuffer(16);
  const floats = new Float32Array(buffer, 4, 2);
  floats.set([1.5, NaN]);
  let reads = 0;
  const value = {
    deep: [{ floats }, "text"],
    view: new DataView(buffer, 4, 4),
    get read() {
      return ++reads;
    },
  };
  const copy = unshared({ value: value.deep, view: value.view });
  expect(unshared(value).deep).not.toBe(value.deep);
  const [first] = copy.value as [{ floats: Float32Array }];
  floats.fill(0);
  expect(first.floats).toEqual(new Float32Array([1.5, NaN]));
  expect(first.floats.buffer.byteLength).toBe(8);
  expect(copy.view.getFloat32(0, true)).toBe(1.5);
  expect(value.deep[0]).toEqual({ floats });
  expect(reads).toBeLessThanOrEqual(1);
});

it("shared arrays in fields of a class, and those that a getter gives, become copies too", () => {
  if (!shareable) return expect(unshared({ a: 1 })).toEqual({ a: 1 });
  const floats = new Float32Array(new SharedArrayBuffer(8));
  class Files {
    readonly own = floats;
  }
  let reads = 0;
  const getter = {
    get own() {
      reads++;
      return floats;
    },
  };
  const heir = Object.assign(Object.create({ inherited: floats }) as object, { own: floats });
  for (const value of [new Files(), getter, heir]) {
    const copy = unshared<{ own?: Float32Array; inherited?: unknown }>(value);
    if (value === getter) expect(reads).toBe(1);
    expect(Object.keys(copy)).toEqual(["own"]);
    expect(copy.own!.buffer).toBeInstanceOf(ArrayBuffer);
    expect(copy.own).toEqual(new Float32Array(2));
  }
  const sparse: unknown[] = [];
  sparse[3_999_999_999] = floats;
  expect(unshared(sparse)).toHaveLength(4_000_000_000);
});
