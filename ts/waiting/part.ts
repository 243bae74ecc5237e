/** A part of the package that is fetched when it is first asked for. */
export interface Part<T> {
  (): Promise<T>;
  /** Has it from now on without fetching. */
  atHand(module: T): void;
}

/**
 * Names a part that is no use to most programs, or to none before its first answer: `fetch` is an `import()`, of which bundlers make a
 * script of its own, and what is one file has it in that. A call takes its arguments before it awaits a part, as before any other await.
 * Service workers refuse `import()`, so their entry has what encoders need at hand.
 */
export function part<T>(fetch: () => Promise<T>): Part<T> {
  let held: T | null = null;
  const get = async () => held ?? fetch();
  return Object.assign(get, { atHand: (module: T) => void (held = module) });
}
