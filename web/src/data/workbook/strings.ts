import { parseElements } from "./elements.js";

const escaped = /_x([0-9a-f]{4})_/gi;

/** A text in which characters that XML cannot hold are written as _x000D_. */
export const unescaped = (text: string): string =>
  text.includes("_x")
    ? text.replace(escaped, (_, code: string) => String.fromCharCode(parseInt(code, 16))).replace(/\r\n?/g, "\n")
    : text;

/** The texts that cells refer to by number. Pronunciations, which East Asian texts have beside them, are no text. */
export function sharedStrings(bytes: Uint8Array | undefined): string[] {
  const strings: string[] = [];
  if (bytes === undefined) return strings;
  let [text, isText, isSpoken] = ["", false, false];
  parseElements(bytes, {
    open(name) {
      if (name === "si") text = "";
      else if (name === "rPh") isSpoken = true;
      else isText = name === "t" && !isSpoken;
    },
    text(piece) {
      if (isText) text += piece;
    },
    close(name) {
      if (name === "si") strings.push(unescaped(text));
      else if (name === "rPh") isSpoken = false;
      else if (name === "t") isText = false;
    },
  });
  return strings;
}
