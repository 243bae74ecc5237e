/** Kinds of assertions; `end` is Python's `$`: the end, or before a final line end. */
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
  /** Whether `item` matches from `behind` characters before on, or, where it is negated, does not. */
  | { readonly kind: "look"; readonly item: Syntax; readonly behind: number; readonly negated: boolean }
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

/** How many characters a tree matches at least and at most. */
export function widthOf(tree: Syntax): readonly [least: number, most: number] {
  switch (tree.kind) {
    case "set":
      return [1, 1];
    case "assert":
    case "look":
      return [0, 0];
    case "capture":
      return widthOf(tree.item);
    case "repeat": {
      const [least, most] = widthOf(tree.item);
      return [least * tree.min, most === 0 || tree.max === 0 ? 0 : most * tree.max];
    }
    default: {
      const widths = tree.items.map(widthOf);
      const over = (of: 0 | 1, both: (a: number, b: number) => number) =>
        widths.map((width) => width[of]).reduce((a, b) => both(a, b));
      if (widths.length === 0) return [0, 0];
      const sum = (a: number, b: number) => a + b;
      return tree.kind === "sequence" ? [over(0, sum), over(1, sum)] : [over(0, Math.min), over(1, Math.max)];
    }
  }
}

/** The characters (code points) that match at one position of a pattern. */
export type CharacterSet = (code: number) => boolean;

const matches =
  (pattern: RegExp): CharacterSet =>
  (code) =>
    pattern.test(String.fromCodePoint(code));

const not =
  (set: CharacterSet): CharacterSet =>
  (code) =>
    !set(code);

const digit = matches(/\p{Nd}/u);
const jsSpace = matches(/\s/u);
/** Python counts four separators and "next line" as space, and does not the byte order mark. */
const space: CharacterSet = (code) =>
  (code >= 0x1c && code <= 0x1f) || code === 0x85 || (code !== 0xfeff && jsSpace(code));
/** Word characters, for `\b`. */
export const wordCharacter = matches(/[\p{L}\p{N}_]/u);

/** `\d` and its like, over Unicode as Python's `re` has them for text. */
export const classes: ReadonlyMap<string, CharacterSet> = new Map([
  ["d", digit],
  ["D", not(digit)],
  ["s", space],
  ["S", not(space)],
  ["w", wordCharacter],
  ["W", not(wordCharacter)],
]);

/** Every character, but a line's end only where `lines` says so. */
export const anything = (lines: boolean): CharacterSet => (lines ? () => true : (code) => code !== 0x0a);

/** One character. */
export const exactly =
  (wanted: number): CharacterSet =>
  (code) =>
    code === wanted;

/** Characters from one to another, both included. */
export const between =
  (first: number, last: number): CharacterSet =>
  (code) =>
    code >= first && code <= last;

/** The union of the sets, or its complement. */
export const union = (sets: readonly CharacterSet[], negated: boolean): CharacterSet =>
  negated ? (code) => !sets.some((set) => set(code)) : (code) => sets.some((set) => set(code));

/** A set together with the other case of its characters. */
export function ignoringCase(set: CharacterSet): CharacterSet {
  return (code) => {
    const text = String.fromCodePoint(code);
    return set(code) || [text.toLowerCase(), text.toUpperCase()].some((other) => set(other.codePointAt(0)!));
  };
}
