import { describe, expect, it } from "vitest";
import { ConfigError } from "../../ts/errors/errors.js";
import { tensor } from "../../ts/values/tensor.js";
import { checkCheckpoint } from "../../ts/train/checkpoint.js";
import type { Checkpoint, StepRecord } from "../../ts/train/fit-options.js";

const shapes = [[2, 2], [3]];
const fits = { steps: 10, shapes };
const values = (shape: number[]) => tensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));
const record = (step: number): StepRecord => ({
  step,
  loss: 0.7,
  learningRate: 1e-3,
  gradNorm: 1,
  milliseconds: 2.5,
  tokens: 40,
});

const good = (): Checkpoint => ({
  step: 2,
  parameters: shapes.map(values),
  optimizer: { steps: [2, 2], buffers: shapes.map((shape) => ({ m: values(shape), v: values(shape) })) },
  streams: 7,
  history: [record(0), record(1)],
});

/** A copy of the good checkpoint with the value at `path` replaced. */
function withValue(path: string, value: unknown): Checkpoint {
  const checkpoint = structuredClone(good());
  const keys = path.split(".");
  const last = keys.pop()!;
  const holder = keys.reduce<Record<string, unknown>>(
    (at, key) => at[key] as Record<string, unknown>,
    checkpoint as unknown as Record<string, unknown>,
  );
  holder[last] = value;
  return checkpoint;
}

const nothings = [undefined, null, "simd", {}, [], true, NaN, Infinity, -1, 0.5, "2"];
/** Where a number may be negative or broken, those that it may not be. */
const noNumbers = [undefined, null, "simd", {}, [], true, NaN, Infinity, "2"];

const hostile: Record<string, readonly unknown[]> = {
  step: [...nothings, 11, 3, 25.5, 2 ** 53],
  streams: [...nothings, 2 ** 53],
  parameters: [undefined, null, "simd", {}, [], 5, [values([2, 2])], new Array(2)],
  "parameters.0": [undefined, null, "simd", {}, [], values([4]), values([3])],
  "parameters.0.shape": [undefined, null, "2,2", [4], [2.5, 2], [-2, -2], [2, "2"], new Array(2)],
  "parameters.0.data": [undefined, null, [1, 2, 3, 4], new Float64Array(4), new Float32Array(3), new Float32Array(5)],
  "parameters.1.data.2": [NaN, Infinity, -Infinity],
  optimizer: [undefined, null, "simd", 3, [], {}],
  "optimizer.steps": [undefined, null, "simd", 2, {}, [2], [2, 2, 2], new Array(2)],
  "optimizer.steps.1": [...nothings, 3],
  "optimizer.buffers": [undefined, null, "simd", {}, [], new Array(2)],
  "optimizer.buffers.1": [undefined, null, "simd", [], {}, { m: values([3]) }, { m: values([3]), v: values([4]) }],
  "optimizer.buffers.1.vMax": [values([3])],
  "optimizer.buffers.0.m.data.3": [NaN, -Infinity],
  "optimizer.buffers.0.v.data.3": [NaN, Infinity, -0.5],
  history: [undefined, null, "simd", {}, [], [record(0)], [record(0), record(1), record(2)], new Array(2)],
  "history.1": [undefined, null, "simd", [], {}, record(0), record(2)],
  "history.1.loss": noNumbers,
  "history.1.learningRate": [...noNumbers, -1],
  "history.1.gradNorm": [...noNumbers, -1],
  "history.1.milliseconds": [...noNumbers, -1],
  "history.1.tokens": [...noNumbers, -1],
};

describe("checkCheckpoint", () => {
  it("takes a good one, at the start and at the end too", () => {
    checkCheckpoint(good());
    checkCheckpoint(good(), fits);
    checkCheckpoint(good(), { ...fits, steps: 2 });
    checkCheckpoint({ ...good(), step: 0, optimizer: { ...good().optimizer, steps: [0, 0] }, history: [] }, fits);
  });

  it.each(Object.entries(hostile))("refuses %s", (path, strange) => {
    for (const value of strange) {
      const check = () => checkCheckpoint(withValue(path, value), fits);
      expect(check, String(value)).toThrow(ConfigError);
      expect(check, String(value)).toThrow(/^fit: checkpoint\.[\w.[\]]+ (is|has) .*, got ./);
    }
  });

  it.each([undefined, null, "simd", 3, []])("refuses %j as a whole", (value) => {
    const check = () => checkCheckpoint(value as unknown as Checkpoint);
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(/^fit: checkpoint is an object, got /);
  });

  it("keeps its messages short", () => {
    for (const path of ["step", "parameters", "history.1", "parameters.0.shape", "optimizer.buffers.1"]) {
      for (const value of ["x".repeat(1e6), new Array(1e5).fill(1), { ["y".repeat(1e6)]: values([3]) }]) {
        const check = () => checkCheckpoint(withValue(path, value), fits);
        expect(check).toThrow(/^.{0,400}$/s);
      }
    }
  });
});
