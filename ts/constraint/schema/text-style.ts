import type { Part } from "../part.js";
import type { Regex } from "../regex/syntax.js";
import { stringMatching, stringOfLength } from "./string-part.js";

/** How strings are written, and null beside them. */
export interface TextStyle {
  /** A string of `least` to `most` characters. */
  readonly ofLength: (least: number, most: number) => Part;
  /** One that matches each of some expressions as a whole; null if it takes too many states. */
  readonly matching: (regexes: readonly Regex[], least: number, most: number) => Part | null;
  /** A listed value; null for one that cannot be written. */
  readonly written: (value: unknown) => string | null;
}

/** As JSON. */
export const jsonTexts: TextStyle = {
  ofLength: stringOfLength,
  matching: stringMatching,
  written: (value) => JSON.stringify(value),
};
