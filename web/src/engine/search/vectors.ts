import { recovering, sharedEncoder } from "../classify.js";
import type { EncoderId } from "../encoders.js";
import type { SavedFiles } from "../stores.js";

/** An adapter of an encoder, trained on pairs. */
export interface SearchAdapter {
  readonly name: string;
  readonly encoder: EncoderId;
  readonly files: SavedFiles;
}

interface Options {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** Adapters that are loaded, with their encoders. */
const loaded = new Map<string, EncoderId>();

/** Vectors of texts from a shared encoder as it is, or with one of its adapters. */
export const vectorsOf = (texts: readonly string[], by: EncoderId | SearchAdapter, options: Options = {}) =>
  recovering(async () => {
    const adapter = typeof by === "string" ? null : by;
    const id = typeof by === "string" ? by : by.encoder;
    const encoder = await sharedEncoder(id);
    if (adapter !== null && !(await encoder.adapters()).some(({ name }) => name === adapter.name)) {
      await encoder.loadAdapter(adapter.name, adapter.files);
      loaded.set(adapter.name, id);
    }
    return encoder.encode(texts, { ...options, adapter: adapter?.name ?? null });
  });

/** Frees an adapter's memory. */
export function forgetAdapter(name: string): void {
  const id = loaded.get(name);
  if (id === undefined) return;
  loaded.delete(name);
  sharedEncoder(id)
    .then((encoder) => encoder.removeAdapter(name))
    .catch(() => undefined);
}
