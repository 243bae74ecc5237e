import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { adapterConfig, type AdapterLayer, writeAdapter, writeSafetensors } from "../../../../ts/entry/node.js";
import { readOnnx } from "../../../../ts/io/onnx/model.js";
import { decodeTensor } from "../../../../ts/io/safetensors/index.js";
import { bytesInMemory, constant, model, node } from "../../../io/onnx/onnx-bytes.js";

/** Bytes of a matrix's values, as it is or transposed. */
export function bytesOf(data: Float32Array, shape: readonly [number, number], transposed = false): Uint8Array {
  const [rows, columns] = shape;
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j]!;
  return new Uint8Array((transposed ? turned : data.slice()).buffer);
}

/** Values of a tensor, others for another seed. */
const valuesOf = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => (((i + seed) * 7919) % 1009) / 1009 - 0.5);

/** Writes a base of so many linear layers `[rows, columns]`, and an adapter of those that are named. */
export function writeBase(folder: string, shape: readonly [number, number], count: number, adapted: readonly number[]) {
  const [rows, columns] = shape;
  const weights = Array.from({ length: count }, (_, i) => valuesOf(rows * columns, 1 + 13 * i));
  for (const name of ["base", "adapter"]) mkdirSync(join(folder, name), { recursive: true });
  const tensors = Object.fromEntries(weights.map((data, i) => [`linear_${i}.weight`, { shape, data }]));
  writeFileSync(join(folder, "base/model.safetensors"), writeSafetensors(tensors));
  const layers = new Map<string, AdapterLayer>(
    adapted.map((i) => [
      `linear_${i}`,
      {
        kind: "linear",
        rank: 2,
        alpha: 2,
        scaling: 1,
        loraA: { shape: [columns, 2], data: valuesOf(columns * 2, 5) },
        loraB: { shape: [2, rows], data: valuesOf(rows * 2, 9) },
      },
    ]),
  );
  const config = adapterConfig({ r: 2, loraAlpha: 2, targetModules: [...layers.keys()] });
  for (const [name, bytes] of Object.entries(writeAdapter({ config, layers, extra: new Map() })))
    writeFileSync(join(folder, "adapter", name), bytes);
  return weights;
}

/** A model of products with constants, in its own file or in others. */
export const products = (
  constants: Readonly<Record<string, readonly [readonly number[], Parameters<typeof constant>[2]]>>,
) =>
  model(
    Object.keys(constants).map((name) => node("MatMul", ["x", name], [`y_${name}`])),
    Object.entries(constants).map(([name, [dims, data]]) => constant(name, dims, data)),
  );

/** A model's float constants by name. */
export function constants(file: string): Map<string, Float32Array> {
  const bytes = new Uint8Array(readFileSync(file));
  const found = new Map<string, Float32Array>();
  for (const { name, dtype, place } of readOnnx(bytesInMemory(bytes), file).tensors) {
    const all = place.location === null ? bytes : new Uint8Array(readFileSync(join(dirname(file), place.location)));
    found.set(name, decodeTensor(all.subarray(place.offset, place.offset + place.length), dtype, name));
  }
  return found;
}
