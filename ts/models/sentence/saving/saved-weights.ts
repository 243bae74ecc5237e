import type { Engine } from "../../../engine/running.js";
import { FormatError, MemoryError } from "../../../errors/errors.js";
import type { Json } from "../../../io/json.js";
import type { ModelSource } from "../../../io/model-source.js";
import { type Adapter, adapterFingerprint, checkNotMerged, readMerged, withMerged } from "../../../io/peft/index.js";
import {
  byteLength,
  encodeTensor,
  type OpenTensorFile,
  streamSafetensors,
  WEIGHTS,
} from "../../../io/safetensors/index.js";
import { mergedPieces } from "../../../merging/merged-pieces.js";
import { planMerge } from "../../../merging/merge-plan.js";
import { PieceBuffers } from "../../../merging/piece-memory.js";
import { storedPieces } from "../../../merging/stored-tensor.js";
import type { Tensor } from "../../../values/tensor.js";
import { throwIfAborted } from "../../../waiting/abort.js";
import { breather } from "../../../waiting/next-task.js";
import { openWeights } from "../../tensor-files.js";

/** A model's weights as one file: its own, with what changes. */
export interface WeightsToSave {
  readonly engine: Engine;
  readonly source: ModelSource;
  readonly config: Readonly<Record<string, Json>>;
  /** The adapter to merge into them; null for none. */
  readonly adapter: { readonly name: string; readonly file: Adapter } | null;
  /** A tensor's name in the new file; null leaves it out. Default: its own. */
  readonly rename?: (name: string, file: OpenTensorFile) => string | null;
  /** Tensors to add, by their names in the new file. */
  readonly added?: ReadonlyMap<string, Tensor>;
  readonly signal: AbortSignal | undefined;
}

/**
 * model.safetensors in memory. Tensors that do not change keep their bytes. Throws `AdapterError` if the weights have this adapter already, or
 * it has something that they have no place for; `MemoryError` for a file that does not fit into memory; `AbortError`.
 */
export async function savedWeights(given: WeightsToSave): Promise<Uint8Array<ArrayBuffer>> {
  const { engine, source, config, adapter, rename = (name) => name, added = new Map<string, Tensor>(), signal } = given;
  const file = await openWeights(source);
  const buffers = new PieceBuffers();
  try {
    const before = readMerged(
      file.metadata,
      (problem, cause) => new FormatError(`${WEIGHTS}: ${problem}`, { file: WEIGHTS }, { cause }),
    );
    if (adapter !== null) checkNotMerged("save", adapter.file, source.name, before);
    const plan = adapter === null ? null : planMerge(file, adapter.file, config);
    const from = plan?.base ?? file;
    const names = new Map(from.names.map((name) => [rename(name, from), name] as const));
    const kept = [...names].flatMap(([name, own]) =>
      name === null || added.has(name) ? [] : [{ ...from.info(own), name }],
    );
    const plans = [...kept, ...[...added].map(([name, { shape }]) => ({ name, dtype: "F32" as const, shape }))];
    const pause = breather(signal);
    const merged = adapter && { name: adapter.name, fingerprint: adapterFingerprint(adapter.file) };
    const all = [...(before?.adapters ?? []), ...(merged === null ? [] : [merged])];
    const metadata =
      all.length === 0
        ? new Map([["format", "pt"], ...file.metadata])
        : withMerged(file.metadata, { base: before?.base ?? source.name, adapters: all });
    const total = plans.reduce((sum, { dtype, shape }) => sum + byteLength(dtype, shape), 0);
    const sink = memorySink(total);
    await streamSafetensors(
      sink,
      plans,
      async ({ name }) => {
        throwIfAborted(signal);
        const own = added.get(name);
        if (own !== undefined) return encodeTensor(own.data, "F32", name);
        const stored = names.get(name)!;
        const change = plan?.changes.get(stored);
        if (change === undefined) return storedPieces(from, stored, pause, buffers);
        return mergedPieces(engine, from, stored, change, pause, buffers);
      },
      metadata,
    );
    return sink.bytes();
  } finally {
    buffers.dispose();
    await file.close();
  }
}

/** Collects a file of `total` bytes after its header, which is what is written first. */
function memorySink(total: number) {
  let file: Uint8Array<ArrayBuffer> | null = null;
  let position = 0;
  return {
    async write(bytes: Uint8Array) {
      file ??= allocated(bytes.byteLength + total);
      file.set(bytes, position);
      position += bytes.byteLength;
    },
    bytes: () => file!,
  };
}

function allocated(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new MemoryError(`save: there is no memory for weights of ${length} bytes`, { length }, { cause });
  }
}
