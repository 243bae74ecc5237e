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

/** From one character to another, both included. */
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
