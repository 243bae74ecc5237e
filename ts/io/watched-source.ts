import { orAborted, throwIfAborted } from "../waiting/abort.js";
import { breather } from "../waiting/next-task.js";
import type { ByteSource } from "./byte-source.js";
import type { ModelSource } from "./model-source.js";

/** Progress of downloading or reading a model's files. */
export interface LoadProgress {
  /** The file's name. */
  readonly file: string;
  /** Bytes done. */
  readonly done: number;
  /** Total bytes; if the server does not tell, the bytes done. Above 0 unless the file is empty. */
  readonly total: number;
}

/** Progress and cancellation of a load. */
export interface Watcher {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
}

/** A source that reports its reading, and throws `AbortError` within a tensor, or while the source is slow. */
export function watchedSource(source: ModelSource, { signal, onProgress }: Watcher): ModelSource {
  const breathe = breather(signal);
  const watched = (file: string, found: ByteSource): ByteSource => {
    let done = 0;
    return {
      size: found.size,
      async read(offset, length) {
        await breathe();
        const bytes = await orAborted(() => found.read(offset, length), signal);
        // A range that is read twice counts once.
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
  const { gguf, explainMissing, made, folderOf } = source;
  return {
    name: source.name,
    open: (file) => watching(file, () => source.open(file)),
    ...(folderOf && { folderOf }),
    ...(explainMissing && { explainMissing }),
    ...(made && { made }),
    // It exists, or this throws.
    ...(gguf && { gguf: async () => (await watching("model.gguf", gguf))! }),
  };
}
