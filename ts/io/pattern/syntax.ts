import type { CharacterSet } from "./character-set.js";

/** Where an assertion holds; `end` is Python's `$`: the end, or a line's end that stands there. */
export type Place = "start" | "end" | "textEnd" | "lineStart" | "lineEnd" | "boundary" | "notBoundary";

/** A regular expression as a tree. */
export type Syntax =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "sequence"; readonly items: readonly Syntax[] }
  | { readonly kind: "choice"; readonly items: readonly Syntax[] }
  | {
      readonly kind: "repeat";
      readonly item: Syntax;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "assert"; readonly place: Place }
  /** What it matches is reported; one a pattern. */
  | { readonly kind: "capture"; readonly item: Syntax };

/** One after the other. */
export const sequence = (...items: readonly Syntax[]): Syntax => ({ kind: "sequence", items });

/** One of them, the first that fits before the next. */
export const choice = (...items: readonly Syntax[]): Syntax => ({ kind: "choice", items });

/** `item` some number of times. */
export const repeat = (item: Syntax, min: number, max: number, lazy = false): Syntax => ({
  kind: "repeat",
  item,
  min,
  max,
  lazy,
});
