import { recovering, sharedEncoder } from "../classify.js";
import type { SavedFiles } from "../stores.js";

/** An adapter of the encoder, trained on pairs. */
export interface SearchAdapter {
  readonly name: string;
  readonly files: SavedFiles;
}

interface Options {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

const loaded = new Set<string>();

/** Vectors of texts from the shared encoder, of the base model if `adapter` is null. */
export const vectorsOf = (texts: readonly string[], adapter: SearchAdapter | null, options: Options = {}) =>
  recovering(async () => {
    const encoder = await sharedEncoder();
    if (adapter !== null && !(await encoder.adapters()).some(({ name }) => name === adapter.name)) {
      await encoder.loadAdapter(adapter.name, adapter.files);
      loaded.add(adapter.name);
    }
    return encoder.encode(texts, { ...options, adapter: adapter?.name ?? null });
  });

/** Frees an adapter's memory. */
export function forgetAdapter(name: string): void {
  if (!loaded.delete(name)) return;
  sharedEncoder()
    .then((encoder) => encoder.removeAdapter(name))
    .catch(() => undefined);
}
