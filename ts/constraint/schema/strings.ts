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

const hexadecimal = bytes([[[0x30, 0x39]], [[0x41, 0x46]], [[0x61, 0x66]]]);

/** A character of a JSON string, with any escape. */
export const jsonCharacter: Part = choice([
  character(plain),
  texts(Array.from('"\\/bfnrt', (letter) => `\\${letter}`)),
  sequence(text("\\u"), hexadecimal, hexadecimal, hexadecimal, hexadecimal),
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
