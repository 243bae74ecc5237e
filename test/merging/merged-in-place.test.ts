import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { bytesSource, type ByteSource } from "../../ts/io/byte-source.js";
import { adapterConfig, readAdapter, writeAdapter } from "../../ts/io/peft/index.js";
import { encodeTensor, type FloatDtype, openSafetensors, writeSafetensors } from "../../ts/io/safetensors/index.js";
import { mergedPieces, mergedValues } from "../../ts/merging/merged-pieces.js";
import { type MergePlan, planMerge } from "../../ts/merging/merge-plan.js";
import { PieceBuffers } from "../../ts/merging/stored-tensor.js";

/** Three pieces a tensor and more, the last not whole. */
const [IN, OUT, RANK] = [1029, 1700, 3];
const layers = ["first", "second"];
const pause = () => undefined;

function numbers(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

const tensor = (seed: number, ...shape: [number, number]) => ({ shape, data: numbers(shape[0] * shape[1], seed) });
const weights = Object.fromEntries(layers.map((name, i) => [`${name}.weight`, tensor(i + 1, OUT, IN)]));
const baseOf = (dtype: FloatDtype) => writeSafetensors(weights, undefined, { dtype });
const layer = { kind: "linear", rank: RANK, alpha: 6, scaling: 2 } as const;
const adapter = readAdapter(
  writeAdapter({
    config: adapterConfig({ r: RANK, loraAlpha: 6, targetModules: layers }),
    layers: new Map(
      layers.map((name, i) => [name, { ...layer, loraA: tensor(i + 5, IN, RANK), loraB: tensor(i + 9, RANK, OUT) }]),
    ),
    extra: new Map(),
  }),
);

/** Reads into memory that it is given, some time later, as a file does. */
const laterSource = (bytes: Uint8Array, onRead = () => {}): ByteSource => ({
  size: bytes.byteLength,
  async read(offset, length, into = new Uint8Array(length)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    into.set(bytes.subarray(offset, offset + length));
    onRead();
    return into;
  },
});

const planOf = async (source: ByteSource) => planMerge(await openSafetensors(source), adapter, null);

/** All tensors' bytes, of which each piece is taken as late as whoever writes it may: when the next but one is asked for. */
async function written({ base, changes }: MergePlan, buffers: PieceBuffers): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let last = new Uint8Array();
  try {
    for (const name of base.names)
      for await (const piece of mergedPieces(engine(), base, name, changes.get(name)!, pause, buffers)) {
        parts.push(last.slice());
        last = piece as Uint8Array<ArrayBuffer>;
      }
    parts.push(last.slice());
  } finally {
    buffers.dispose();
  }
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** The same in float32, rounded at the end. */
async function inSteps({ base, changes }: MergePlan): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const name of base.names)
    for await (const { values } of mergedValues(engine(), base, name, changes.get(name)!, pause))
      parts.push(encodeTensor(values, base.info(name).dtype as FloatDtype, name));
  return new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

describe.each(["F32", "F16", "BF16"] as const)("pieces of %s that change where they lie", (dtype) => {
  it("are what float32 gives, in the engine's memory and in the host's", async () => {
    const used = engine().heap.used;
    const bytes = baseOf(dtype);
    const expected = await inSteps(await planOf(bytesSource(bytes)));
    for (const buffers of [new PieceBuffers(engine()), new PieceBuffers()]) {
      const merged = await written(await planOf(laterSource(bytes)), buffers);
      expect(merged.byteLength).toBe(expected.byteLength);
      expect(merged.findIndex((byte, i) => byte !== expected[i])).toBe(-1);
    }
    expect(engine().heap.used).toBe(used);
  });

  it("leave a base that is in memory as it is", async () => {
    const bytes = baseOf(dtype);
    await written(await planOf(bytesSource(bytes)), new PieceBuffers(engine()));
    const before = baseOf(dtype);
    expect(bytes.findIndex((byte, i) => byte !== before[i])).toBe(-1);
  });
});

it("a merge that ends early waits for what is being read into its memory", async () => {
  let [asked, done] = [0, 0];
  const source = laterSource(baseOf("F16"), () => done++);
  const plan = await planOf({
    ...source,
    read: (...range) => {
      asked++;
      return source.read(...range);
    },
  });
  const buffers = new PieceBuffers(engine());
  const [name] = plan.base.names;
  for await (const _ of mergedPieces(engine(), plan.base, name!, plan.changes.get(name!)!, pause, buffers)) break;
  buffers.dispose();
  expect(asked).toBeGreaterThan(3);
  expect(done).toBe(asked);
});
