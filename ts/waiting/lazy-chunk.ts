import { UnsupportedError } from "../errors/errors.js";

/** A module that is fetched on first use. */
export interface LazyChunk<T> {
  /** Rejects with `UnsupportedError` if it cannot be fetched or run; the next call tries again. */
  (): Promise<T>;
  /** Sets the module, so that nothing is fetched. */
  provide(module: T): void;
}

/**
 * A module that most programs do not need, or not before their first answer. `fetch` is an `import()`, which bundlers put into a chunk of
 * its own. A call must copy its arguments before it awaits a chunk. Service workers have no `import()`: their entry provides what encoders
 * need.
 */
export function lazyChunk<T>(fetch: () => Promise<T>): LazyChunk<T> {
  let loaded: T | null = null;
  const get = async () =>
    loaded ??
    fetch().catch((cause: unknown) => {
      throw new UnsupportedError(`a script failed: ${String(cause)}`, { value: String(cause) }, { cause });
    });
  return Object.assign(get, { provide: (module: T) => void (loaded = module) });
}
