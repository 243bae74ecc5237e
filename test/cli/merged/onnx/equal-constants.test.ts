import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapterConfig, type AdapterLayer, tensor, writeAdapter, writeSafetensors } from "../../../../ts/entry/node.js";
import { constant, model, node } from "../../../io/onnx/onnx-bytes.js";
import { decodeTensor, encodeTensor } from "../../../../ts/io/safetensors/index.js";
import { lowrank } from "../../fixture.js";
import { constants } from "./onnx-fixture.js";

const SIZE = 6;
const full = (value: number) => new Float32Array(SIZE).fill(value);
const wave = (step: number) => Float32Array.from({ length: SIZE }, (_, i) => Math.sin(i + 1) * (1 + step));
const trained = (name: string) => Float32Array.from({ length: SIZE }, (_, i) => name.length + i / 8);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-equal-constants-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Case {
  /** Tensors of the base. */
  readonly base: Readonly<Record<string, Float32Array>>;
  readonly trained: readonly string[];
  /** Constants of the ONNX model. */
  readonly onnx: Readonly<Record<string, Float32Array>>;
  /** Constants that two nodes take. */
  readonly twice?: readonly string[];
  readonly half?: boolean;
  /** Of what is no vector. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

/** Vectors that an adapter holds whole, merged into an ONNX model; what is in its constants then. */
async function merged({ base, trained: names, onnx, twice = [], half = false, shapes = {} }: Case) {
  const at = await mkdtemp(join(folder, "case-"));
  const shapeOf = (name: string) => shapes[name] ?? [SIZE];
  for (const name of ["base", "adapter"]) mkdirSync(join(at, name));
  const all = Object.entries(base).map(([name, data]) => [name, tensor(shapeOf(name), data)] as const);
  const linear = { shape: [2, 3], data: Float32Array.of(0.5, 1.5, -2, 3, 0.25, -7) };
  writeFileSync(
    join(at, "base/model.safetensors"),
    writeSafetensors({ ...Object.fromEntries(all), "linear.weight": linear }),
  );
  const layer: AdapterLayer = {
    kind: "linear",
    rank: 1,
    alpha: 1,
    scaling: 1,
    loraA: tensor([3, 1], Float32Array.of(1, 2, 3)),
    loraB: tensor([1, 2], new Float32Array(2)),
  };
  const modulesToSave = names.map((name) => name.replace(/\.\w+$/, ""));
  const config = adapterConfig({ r: 1, loraAlpha: 1, targetModules: ["linear"], modulesToSave });
  const extra = new Map(names.map((name) => [name, tensor(shapeOf(name), trained(name))]));
  for (const [name, bytes] of Object.entries(writeAdapter({ config, layers: new Map([["linear", layer]]), extra })))
    writeFileSync(join(at, "adapter", name), bytes);
  const bytesOf = (data: Float32Array) => encodeTensor(data, half ? "F16" : "F32", "constant");
  const named = Object.keys(onnx);
  const users = [...named, ...twice].map((name, i) => node("Mul", ["x", name], [`y${i}`]));
  const file = model(
    [node("MatMul", ["x", "linear.weight"], ["y"]), ...users],
    [
      constant("linear.weight", [2, 3], bytesOf(linear.data), half ? 10 : 1),
      ...named.map((name) => constant(name, shapeOf(name), bytesOf(onnx[name]!), half ? 10 : 1)),
    ],
  );
  writeFileSync(join(at, "model.onnx"), file);
  const [onnxFile, out] = [join(at, "model.onnx"), join(at, "out")];
  const call = ["merge", join(at, "adapter"), "--base", join(at, "base"), "--onnx", onnxFile, "--out", out];
  const { code, err } = await lowrank(call);
  if (code !== 0) return err;
  expect(err).toBe("");
  const found = constants(join(out, "model.onnx"));
  return Object.fromEntries(named.map((name) => [name, [...found.get(name)!]]));
}

/** What is expected: the constants as they were, but for those of trained tensors. */
const after = ({ onnx, half = false }: Case, changed: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(onnx).map(([name, data]) => {
      const values = name in changed ? trained(changed[name]!) : data;
      return [name, [...(half ? decodeTensor(encodeTensor(values, "F16", name), "F16", name) : values)]];
    }),
  );

const [ones, zeros] = [full(1), full(0)];
const two = { "norm.weight": ones, "layers.0.norm.weight": ones };

describe("merge --onnx where constants have equal values", () => {
  it.each<[string, Case, Record<string, string>]>([
    ["by their names", { base: two, trained: ["norm.weight"], onnx: two }, { "norm.weight": "norm.weight" }],
    [
      "the other one",
      { base: two, trained: ["layers.0.norm.weight"], onnx: two },
      { "layers.0.norm.weight": "layers.0.norm.weight" },
    ],
    [
      "each its own, where both were trained",
      { base: two, trained: Object.keys(two), onnx: two },
      { "norm.weight": "norm.weight", "layers.0.norm.weight": "layers.0.norm.weight" },
    ],
    [
      "where a prefix was added",
      {
        base: two,
        trained: ["norm.weight"],
        onnx: { "model.layers.0.norm.weight": ones, "model.norm.weight": ones },
      },
      { "model.norm.weight": "norm.weight" },
    ],
    [
      "where a prefix was taken away",
      {
        base: { "bert.norm.weight": ones, "bert.layers.0.norm.weight": ones },
        trained: ["bert.layers.0.norm.weight"],
        onnx: two,
      },
      { "layers.0.norm.weight": "bert.layers.0.norm.weight" },
    ],
    [
      "where the model lacks the other",
      { base: two, trained: ["norm.weight"], onnx: { "norm.weight": ones } },
      { "norm.weight": "norm.weight" },
    ],
    [
      "where the model has one that the base lacks",
      {
        base: { "norm.bias": zeros },
        trained: ["norm.bias"],
        onnx: { "head.bias": zeros, "norm.bias": zeros },
      },
      { "norm.bias": "norm.bias" },
    ],
    [
      "each copy of what no other tensor is like, whatever it is called",
      { base: { "norm.weight": wave(0) }, trained: ["norm.weight"], onnx: { "onnx::1": wave(0), "onnx::2": wave(0) } },
      { "onnx::1": "norm.weight", "onnx::2": "norm.weight" },
    ],
    [
      "where the other is its transpose",
      {
        base: { "a.weight": zeros, "b.weight": zeros },
        trained: ["b.weight"],
        onnx: { "a.weight": zeros, "b.weight": zeros },
        shapes: { "a.weight": [2, 3], "b.weight": [3, 2] },
      },
      { "b.weight": "b.weight" },
    ],
    [
      "in float16, where two are near each other",
      {
        base: { "a.weight": wave(0), "b.weight": wave(2 ** -13) },
        trained: ["b.weight"],
        half: true,
        onnx: { "a.weight": wave(0), "b.weight": wave(2 ** -13) },
      },
      { "b.weight": "b.weight" },
    ],
  ])("it writes into the right one, %s", async (_name, given, changed) => {
    expect(await merged(given)).toEqual(after(given, changed));
  });

  it.each<[string, Case, RegExp]>([
    [
      "one constant is both",
      { base: two, trained: ["norm.weight"], onnx: { "norm.weight": ones }, twice: ["norm.weight"] },
      /^error: merge: norm\.weight has the values of other tensors of the base, layers\.0\.norm\.weight, and which constant .* cannot be told/,
    ],
    [
      "none bears its name",
      { base: two, trained: ["norm.weight"], onnx: { "onnx::1": ones, "onnx::2": ones } },
      /norm\.weight has the values of other tensors of the base, layers\.0\.norm\.weight/,
    ],
    [
      "a name is as near to another",
      {
        base: { "a.norm.weight": ones, "b.norm.weight": ones },
        trained: ["a.norm.weight"],
        onnx: { "norm.weight": ones },
      },
      /a\.norm\.weight has the values of other tensors of the base, b\.norm\.weight/,
    ],
    [
      "the model has others that bear no name of it",
      { base: { "norm.bias": zeros }, trained: ["norm.bias"], onnx: { "onnx::1": zeros, "onnx::2": zeros } },
      /norm\.bias has the values of constants of the model that are not it/,
    ],
    [
      "no name tells, in float16",
      {
        base: { "a.weight": wave(0), "b.weight": wave(2 ** -13) },
        trained: ["b.weight"],
        half: true,
        onnx: { "onnx::1": wave(0), "onnx::2": wave(2 ** -13) },
      },
      /b\.weight has the values of other tensors of the base, a\.weight/,
    ],
  ])("it refuses where %s", async (_name, given, message) => {
    expect(await merged(given)).toMatch(message);
  });
});
