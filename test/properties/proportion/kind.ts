/**
 * Files of a kind that grow without end. Each is so large that reading it in proportion takes a second or two, while
 * comparing every part with every other takes many minutes; or, where its parts take long to make, its steps are counted.
 */
export interface Kind<T = never> {
  readonly make: () => T;
  readonly read: (made: T) => unknown;
  /** What is thrown, as "name: message". Default: nothing is. */
  readonly throws?: RegExp;
  /** How many parts the file has: steps of reading it are then counted, `MOST_STEPS` for each at most. */
  readonly parts?: number;
}

/** A part takes up to a few hundred steps; compared with all the others of `MANY`, it would take thousands. */
export const MOST_STEPS = 1_000;
/** Parts of a file whose steps are counted. */
export const MANY = 10_000;

/** A kind whose `read` takes what its `make` gives. */
export const kind = <T>(made: Kind<T>): Kind => made as unknown as Kind;

export const encode = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

export const list = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
