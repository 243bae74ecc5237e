import { type Characters, charactersOf, others } from "../characters.js";

const range = (from: string, to: string) => [from.charCodeAt(0), to.charCodeAt(0)] as const;

const digits = charactersOf([range("0", "9")]);
const word = charactersOf([range("0", "9"), range("A", "Z"), range("a", "z"), range("_", "_")]);
const space = charactersOf([
  [0x9, 0xd] as const,
  [0x20, 0x20] as const,
  [0xa0, 0xa0] as const,
  [0x1680, 0x1680] as const,
  [0x2000, 0x200a] as const,
  [0x2028, 0x2029] as const,
  [0x202f, 0x202f] as const,
  [0x205f, 0x205f] as const,
  [0x3000, 0x3000] as const,
  [0xfeff, 0xfeff] as const,
]);

/** Sets with a letter of their own, as `\d`; capitals are the others. */
export const classes: ReadonlyMap<string, Characters> = new Map([
  ["d", digits],
  ["D", others(digits)],
  ["w", word],
  ["W", others(word)],
  ["s", space],
  ["S", others(space)],
]);

/** Any character but the end of a line: what `.` is. */
export const noLineEnd = others(
  charactersOf([
    [0xa, 0xa],
    [0xd, 0xd],
    [0x2028, 0x2029],
  ]),
);
