import { type Characters, charactersOf, others } from "../characters.js";

const range = (from: string, to: string) => [from.charCodeAt(0), to.charCodeAt(0)] as const;

const digits = charactersOf([range("0", "9")]);
const word = charactersOf([range("0", "9"), range("A", "Z"), range("a", "z"), range("_", "_")]);
const space = charactersOf([
  ...[[0x9, 0xd] as const, [0x20, 0x20] as const, [0xa0, 0xa0] as const, [0x1680, 0x1680] as const],
  ...[[0x2000, 0x200a] as const, [0x2028, 0x2029] as const, [0x202f, 0x202f] as const],
  ...[[0x205f, 0x205f] as const, [0x3000, 0x3000] as const, [0xfeff, 0xfeff] as const],
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

const known = new Map<string, Characters>();

/** The characters with a Unicode property, as `\p{L}`; null for a property that is not known. */
export function withProperty(property: string): Characters | null {
  const found = known.get(property) ?? searchProperty(property);
  if (found !== null) known.set(property, found);
  return found;
}

/** Tests every character, some 50 ms: the tables are in the runtime. */
function searchProperty(property: string): Characters | null {
  // A script's name or the like: nothing that could have another meaning within an expression.
  if (!/^\w+(=\w+)?$/.test(property)) return null;
  let expression: RegExp;
  try {
    expression = new RegExp(`^\\p{${property}}$`, "u");
  } catch {
    return null;
  }
  const ranges: [number, number][] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code === 0xd800) code = 0xe000;
    if (!expression.test(String.fromCodePoint(code))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}
