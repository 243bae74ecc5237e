import type { Characters } from "../characters.js";

/** What a regular expression consists of. */
export type Regex =
  | { readonly kind: "set"; readonly set: Characters }
  | { readonly kind: "sequence"; readonly items: readonly Regex[] }
  | { readonly kind: "choice"; readonly items: readonly Regex[] }
  | { readonly kind: "repeat"; readonly item: Regex; readonly least: number; readonly most: number };

/** An alternative of an expression, and whether it begins and ends where the text does. */
export interface Alternative {
  readonly item: Regex;
  readonly atStart: boolean;
  readonly atEnd: boolean;
}
