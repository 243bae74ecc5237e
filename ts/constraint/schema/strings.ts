import { both, type Characters, charactersOf, others } from "../characters.js";
import type { Part } from "../part.js";
import { bytes, character, choice, sequence, text, texts } from "../parts.js";

/** Characters that stand for themselves in JSON. */
const plain = others(
  charactersOf([
    [0, 0x1f],
    [0x22, 0x22],
    [0x5c, 0x5c],
  ]),
);
const LAST_ESCAPED = 0x5c;
const escaped = Array.from({ length: LAST_ESCAPED + 1 }, (_, code) => code).filter(
  (code) => code < 0x20 || code === 0x22 || code === 0x5c,
);

/** One of some characters of ASCII. */
const oneOf = (letters: string) =>
  bytes(Array.from(letters, (letter) => [[letter.charCodeAt(0), letter.charCodeAt(0)]]));
const hexadecimal = bytes([[[0x30, 0x39]], [[0x41, 0x46]], [[0x61, 0x66]]]);
const withoutUnit = choice([character(plain), texts(Array.from('"\\/bfnrt', (letter) => `\\${letter}`))]);

/** A character of a JSON string, with any escape. */
export const jsonCharacter: Part = choice([
  withoutUnit,
  sequence(text("\\u"), hexadecimal, hexadecimal, hexadecimal, hexadecimal),
]);

const twoDigits = sequence(hexadecimal, hexadecimal);

/** The same without halves of a character: two that follow each other would be one, not two. */
export const wholeCharacter: Part = choice([
  withoutUnit,
  sequence(text("\\u"), oneOf("0123456789abcefABCEF"), hexadecimal, twoDigits),
  sequence(text("\\u"), oneOf("dD"), oneOf("01234567"), twoDigits),
  sequence(
    text("\\u"),
    oneOf("dD"),
    oneOf("89abAB"),
    twoDigits,
    text("\\u"),
    oneOf("dD"),
    oneOf("cdefCDEF"),
    twoDigits,
  ),
]);

/** A character of a set as `JSON.stringify` writes it. */
export function stringified(set: Characters): Part {
  const low = both(set, [[0, LAST_ESCAPED]]);
  const own = escaped.filter((code) => low.some(([first, last]) => code >= first && code <= last));
  const written = own.map((code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1));
  const rest = both(set, plain);
  if (written.length === 0) return character(rest);
  return rest.length === 0 ? texts(written) : choice([character(rest), texts(written)]);
}

/** Some characters between quotes. */
export const quoted = (inner: Part): Part => sequence(text('"'), inner, text('"'));
