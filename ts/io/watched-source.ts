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
  /** Bytes that it has. */
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
  return {
    name: source.name,
    async open(file) {
      throwIfAborted(signal);
      const found = await orAborted(
        () => source.open(file),
        signal,
        (late) => late?.close?.(),
      );
      return found && watched(file, found);
    },
  };
}
