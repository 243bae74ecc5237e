import { ConfigError } from "../../errors/errors.js";
import { type Characters, charactersOf, others } from "../characters.js";
import { Meter, type Pieces, PieceWork } from "../pieces.js";

/** Most properties in a format: finding the characters of one takes some 50 ms. */
const MOST = 16;
/** Characters that are a piece of work. */
const PIECE = 0x4000;

/** Searches by property: each is done once, and advanced by all formats that need it. */
const searches = new Map<string, PieceWork<Characters>>();

/**
 * Finds the characters of the Unicode properties, as `\p{L}`, in some expressions, so that `withProperty` knows them. Names that are no
 * property are left out. Throws `ConfigError` for more than 16 properties.
 */
export function* prepareProperties(what: string, where: string, expressions: Iterable<string>): Pieces<void> {
  const own = new Set<PieceWork<Characters>>();
  const meter = new Meter(PIECE);
  for (const expression of expressions)
    for (const [, name] of expression.matchAll(/\\[pP]\{(\w+(?:=\w+)?)\}/g)) {
      // A name that is none costs some characters' time.
      if (meter.add(100)) yield;
      const search = searches.get(name!) ?? searchOf(name!);
      if (search === null) continue;
      searches.set(name!, search);
      if (own.add(search).size > MOST)
        throw new ConfigError(`${what}: ${where}: more than ${MOST} properties of characters`, {
          op: what,
          option: where,
          length: MOST,
        });
    }
  for (const search of own) while (!search.advance(1)) yield;
}

/** The characters with a Unicode property; null for one that was not prepared. */
export const withProperty = (name: string): Characters | null => searches.get(name)?.result ?? null;

/** The search for a property's characters; null for a name that is none. */
function searchOf(name: string): PieceWork<Characters> | null {
  try {
    return new PieceWork(charactersWith(new RegExp(`^\\p{${name}}$`, "u")));
  } catch {
    return null;
  }
}

/** Tests every character: the tables are in the runtime. */
function* charactersWith(expression: RegExp): Pieces<Characters> {
  const ranges: [number, number][] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (code % PIECE === 0 && code > 0) yield;
    if (code === 0xd800) code = 0xe000;
    if (!expression.test(String.fromCodePoint(code))) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  return ranges;
}

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
