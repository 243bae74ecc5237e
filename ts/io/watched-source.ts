import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { breather } from "../waiting/next-task.js";
import type { ByteSource } from "./byte-source.js";
import type { ModelSource } from "./model-source.js";

/** How far a model's files are read, or, before that, fetched. */
export interface LoadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes of it that are there. */
  readonly done: number;
  /** Bytes that it has; where a server does not tell, those that have come so far. Above 0 unless the file is empty. */
  readonly total: number;
}

/** Who hears of a model that comes in, and can end that. */
export interface Watcher {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** A source whose reading is told of, and ends with `AbortError` within a tensor, or while the source is slow. */
export function watchedSource(source: ModelSource, { signal, onProgress }: Watcher): ModelSource {
  const breathe = breather(signal);
  const watched = (file: string, found: ByteSource): ByteSource => {
    let done = 0;
    return {
      size: found.size,
      async read(offset, length) {
        await breathe();
        const bytes = await orAborted(() => found.read(offset, length), signal);
        // What is read twice is counted once.
        done = Math.min(found.size, done + length);
        onProgress?.({ file, done, total: found.size });
        return bytes;
      },
      close: async () => found.close?.(),
    };
  };
  const watching = async (file: string, open: () => ByteSource | null | Promise<ByteSource | null>) => {
    throwIfAborted(signal);
    const found = await orAborted(
      async () => open(),
      signal,
      (late) => late?.close?.(),
    );
    return found && watched(file, found);
  };
  const { gguf, explainMissing, made } = source;
  return {
    name: source.name,
    open: (file) => watching(file, () => source.open(file)),
    ...(explainMissing && { explainMissing }),
    ...(made && { made }),
    // There is one, or it throws.
    ...(gguf && { gguf: async () => (await watching("model.gguf", gguf))! }),
  };
}
