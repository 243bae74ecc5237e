import { describe, expect, it } from "vitest";
import { bytesSource, Graph, openGguf, openSafetensors, writeSafetensors } from "../../../ts/index.js";
import type { OpenTensorFile } from "../../../ts/io/safetensors/index.js";
import { storedPieces } from "../../../ts/models/decoder/names.js";
import { ggufTensors } from "../../../ts/models/gguf/tensors.js";
import { fingerprinted } from "../../../ts/models/file-tensors.js";
import { storedTensor } from "../../../ts/models/stored-weights.js";
import { goldenBytes } from "../../golden.js";

const formats = ["f32", "f16", "bf16", "q8", "q4"] as const;
const joined = (pieces: readonly Uint8Array[]) => pieces.flatMap((piece) => [...piece]);

/** Whole rows of a table in pieces, and the table as one. */
async function both(file: OpenTensorFile, name: string, format: (typeof formats)[number], most: number) {
  using graph = new Graph();
  const asked: number[] = [];
  const raw: OpenTensorFile["raw"] = (tensor, begin = 0, end = Infinity) => {
    asked.push(end - begin);
    return file.raw(tensor, begin, end === Infinity ? undefined : end);
  };
  const pieces = await storedPieces(graph, { ...file, raw }, name, format, {}, most);
  return { pieces, asked, whole: [...(await storedTensor(graph, file, name, format, {}))] };
}

describe("a table that is read in pieces has the bytes of one that is read at once", () => {
  const data = Float32Array.from({ length: 7 * 40 }, (_, i) => ((i * 37) % 101) / 50 - 1);

  it.each(formats)("from safetensors, in %s", async (format) => {
    const bytes = writeSafetensors({ table: { shape: [7, 40], data } });
    const file = await openSafetensors(bytesSource(bytes));
    // Two rows of 40 numbers, and one where less than a row is asked for.
    for (const [most, count] of [
      [2 * 160, 4],
      [1, 7],
      [1 << 20, 1],
    ] as const) {
      const { pieces, asked, whole } = await both(file, "table", format, most);
      expect([pieces.length, joined(pieces)]).toEqual([count, whole]);
      expect(Math.max(...asked)).toBeLessThanOrEqual(Math.max(160, most));
    }
  });

  it.each(formats)("from a GGUF file in groups, in %s", async (format) => {
    const tensors = ggufTensors(await openGguf(bytesSource(await goldenBytes("gguf/models/gpt2-Q8_0.gguf"))));
    const { pieces, whole } = await both(tensors, "transformer.wte.weight", format, 3 * 34);
    expect([pieces.length, joined(pieces)]).toEqual([7, whole]);
  });

  it("from a file whose tensors are fingerprinted as they are read, as encoders' are", async () => {
    const file = await openSafetensors(bytesSource(writeSafetensors({ table: { shape: [7, 40], data } })));
    const { pieces, whole } = await both(fingerprinted(file).file, "table", "f32", 320);
    expect([pieces.length, joined(pieces)]).toEqual([4, whole]);
  });

  it("refuses a value that is no number by its name", async () => {
    const bytes = writeSafetensors({ table: { shape: [7, 40], data: data.map((x, i) => (i === 200 ? NaN : x)) } });
    const file = await openSafetensors(bytesSource(bytes));
    await expect(both(file, "table", "q8", 160)).rejects.toThrow(/model\.safetensors: table /);
  });
});
