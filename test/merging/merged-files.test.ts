import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { LowrankError, MemoryError } from "../../ts/errors/errors.js";
import { bytesSource } from "../../ts/io/byte-source.js";
import type { FileMap } from "../../ts/io/file-access.js";
import { adapterConfig, readAdapter, writeAdapter } from "../../ts/io/peft/index.js";
import { openSafetensors, writeSafetensors } from "../../ts/io/safetensors/index.js";
import { mergedPieces } from "../../ts/merging/merged-pieces.js";
import { planMerge } from "../../ts/merging/merge-plan.js";
import { PieceBuffers, storedPieces } from "../../ts/merging/stored-tensor.js";

const RUNS = 400;
/** Bytes that are looked at first, to tell what a file is. */
const START = 64;
const [IN, OUT, RANK] = [8, 12, 2];
const tensor = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (((i + 1) * 37) % 101) / 101 - 0.5),
});
const model = writeSafetensors(
  {
    "layer.weight": tensor(OUT, IN),
    "layer.bias": tensor(OUT),
    "embed.weight": tensor(10, IN),
    "norm.weight": tensor(IN),
  },
  { format: "pt" },
  { dtype: "BF16" },
);
const layer = { kind: "linear", rank: RANK, alpha: 4, scaling: 2 } as const;
const adapter = writeAdapter({
  config: adapterConfig({ r: RANK, loraAlpha: 4, targetModules: ["layer"] }),
  layers: new Map([["layer", { ...layer, loraA: tensor(IN, RANK), loraB: tensor(RANK, OUT) }]]),
  extra: new Map(),
});

/** An entry of a header, as whoever wrote it pleased. */
type Entry = Record<string, unknown>;
interface Parts {
  readonly entries: readonly (readonly [string, Entry])[];
  readonly data: Uint8Array;
}

function partsOf(file: Uint8Array): Parts {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<string, Entry>;
  return { entries: Object.entries(header), data: file.subarray(8 + length) };
}

/** The file, with a name as often as the list has it, and perhaps another length than the header's in front. */
function fileOf({ entries, data }: Parts, lengthOff = 0): Uint8Array {
  const json = entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join();
  const header = new TextEncoder().encode(`{${json}}`);
  const file = new Uint8Array(8 + header.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(Math.max(0, header.length + lengthOff)), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  return file;
}

const odd = fc.constantFrom<unknown>(0, 1, -1, 0.5, 7, 13, 2 ** 31, 2 ** 53, 1e300, null, "8", [], {}, true);
const shape = fc.oneof(
  fc.array(odd, { maxLength: 4 }),
  odd,
  fc.constantFrom([OUT * IN], [IN, OUT], [2 ** 20, 2 ** 20]),
);
const dtype = fc.constantFrom<unknown>(
  "F32",
  "F16",
  "BF16",
  "F64",
  "I64",
  "BOOL",
  "F8_E4M3",
  "F4",
  "C64",
  "f32",
  "",
  3,
  null,
);
const offsets = fc.oneof(fc.tuple(odd, odd), fc.tuple(fc.nat(700), fc.nat(700)), odd);
const field = fc.oneof(
  shape.map((value) => ({ shape: value })),
  dtype.map((value) => ({ dtype: value })),
  offsets.map((value) => ({ data_offsets: value })),
);
type Change = (parts: Parts) => Parts;
const at = (parts: Parts, i: number) => i % parts.entries.length;
const change: fc.Arbitrary<Change> = fc.oneof(
  // A field of a tensor.
  fc.tuple(fc.nat(), field).map(([i, other]): Change => (parts) => ({
    ...parts,
    entries: parts.entries.map(([name, entry], k) => [name, k === at(parts, i) ? { ...entry, ...other } : entry]),
  })),
  // The same name or the same bytes twice.
  fc.tuple(fc.nat(), fc.boolean()).map(([i, renamed]): Change => (parts) => {
    const [name, entry] = parts.entries[at(parts, i)]!;
    return { ...parts, entries: [...parts.entries, [renamed ? `${name}x` : name, entry]] };
  }),
  // A tensor less, or called otherwise.
  fc.nat().map((i): Change => (parts) => ({ ...parts, entries: parts.entries.filter((_, k) => k !== at(parts, i)) })),
  fc
    .tuple(fc.nat(), fc.constantFrom("", "layer.weight", "__proto__", "layer.lora_A.weight"))
    .map(([i, name]): Change => (parts) => ({
      ...parts,
      entries: parts.entries.map(([own, entry], k) => [k === at(parts, i) ? name : own, entry]),
    })),
  // Data cut short, or longer.
  fc.nat(200).map((cut): Change => (parts) => ({ ...parts, data: parts.data.subarray(0, -1 - cut) })),
  fc
    .nat(200)
    .map((more): Change => (parts) => ({ ...parts, data: Uint8Array.of(...parts.data, ...new Uint8Array(more)) })),
);
const damage = fc.record({
  changes: fc.array(change, { minLength: 1, maxLength: 3 }),
  lengthOff: fc.oneof(
    { weight: 9, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -9, max: 99 }) },
  ),
});
const damaged = (file: Uint8Array, { changes, lengthOff }: { changes: readonly Change[]; lengthOff: number }) =>
  fileOf(
    changes.reduce((parts, make) => make(parts), partsOf(file)),
    lengthOff,
  );

/** Memory of the engine that a merge of tensors so small may take, and bytes that it may read. */
const MOST_MEMORY = 64 * 1024;

/** Merges in memory. Gives how many bytes of the model it read, and how many it made. */
async function merge(base: Uint8Array, files: FileMap): Promise<{ read: number; made: number }> {
  let [read, made] = [0, 0];
  const inner = bytesSource(base);
  const counted = {
    ...inner,
    async read(offset: number, length: number) {
      read += length;
      return (await inner.read(offset, length)).slice();
    },
  };
  const { heap } = engine();
  const [used, budget] = [heap.used, heap.budget];
  heap.budget = used + MOST_MEMORY;
  const buffers = new PieceBuffers(engine());
  try {
    const open = await openSafetensors(counted, "base");
    const plan = planMerge(open, readAdapter(files), null);
    const pause = () => undefined;
    for (const name of plan.base.names) {
      const known = plan.changes.get(name);
      const pieces =
        known === undefined
          ? storedPieces(plan.base, name, pause, buffers)
          : mergedPieces(engine(), plan.base, name, known, pause, buffers);
      for await (const piece of pieces) made += piece.byteLength;
    }
  } finally {
    buffers.dispose();
    heap.budget = budget;
    expect(heap.used).toBe(used);
  }
  return { read, made };
}

/** It merges, or says in a word of ours why not; either way it takes no more than there is. */
async function checkMerge(base: Uint8Array, files: FileMap): Promise<void> {
  try {
    const { read, made } = await merge(base, files);
    expect(read).toBeLessThanOrEqual(base.length + START);
    // A tensor that is added, or several that share their bytes, make no more than the adapter's and the file's own.
    expect(made).toBeLessThanOrEqual(base.length + files["adapter_model.safetensors"]!.length);
  } catch (error) {
    expect(error).toBeInstanceOf(LowrankError);
    expect(error).not.toBeInstanceOf(MemoryError);
    expect((error as Error).message.length).toBeLessThan(1500);
  }
}

const parameters = { numRuns: RUNS, seed: 20261126 };

describe("a merge of files with damaged headers", () => {
  it("goes through where they are whole", async () => {
    const { read, made } = await merge(model, adapter);
    expect(made).toBe(2 * (OUT * IN + OUT + 10 * IN + IN));
    expect(read).toBe(model.length - 8 + START);
  });

  it("of the base: errors of ours, in proportion", async () => {
    await fc.assert(
      fc.asyncProperty(damage, (how) => checkMerge(damaged(model, how), adapter)),
      parameters,
    );
  });

  it("of the adapter: likewise", async () => {
    const file = adapter["adapter_model.safetensors"];
    await fc.assert(
      fc.asyncProperty(damage, (how) =>
        checkMerge(model, { ...adapter, "adapter_model.safetensors": damaged(file, how) }),
      ),
      parameters,
    );
  });

  it("of both, cut anywhere", async () => {
    const file = adapter["adapter_model.safetensors"];
    for (let i = 0; i < model.length; i += 7) await checkMerge(model.slice(0, i), adapter);
    for (let i = 0; i < file.length; i += 7)
      await checkMerge(model, { ...adapter, "adapter_model.safetensors": file.slice(0, i) });
  });
});
