import { Parser } from "saxen";

/** What is called for each element of an XML file, by the element's name without its prefix. */
export interface Elements {
  open(name: string, attribute: (name: string) => string | undefined): void;
  text?(text: string): void;
  close?(name: string): void;
}

/** Bytes that are parsed at a time: a sheet's whole text would need several times its memory. */
const PIECE = 1 << 18;

const local = (name: string) => name.slice(name.indexOf(":") + 1);
/** Characters beyond U+FFFF, which the parser's own decoder cuts off. */
const beyond = /&#(?:x([0-9a-f]{5,6})|(\d{5,7}));/gi;

/** Parses an XML file. Throws an `Error` if it is not well-formed. */
export function parseElements(bytes: Uint8Array, { open, text, close }: Elements): void {
  const parser = new Parser();
  parser.on("error", (error) => {
    throw error;
  });
  // Attributes that repeat, for example; the first counts.
  parser.on("warn", () => undefined);
  let elements = 0;
  parser.on("openTag", (name, attributes, decode) => {
    elements++;
    // Most elements are not asked for attributes.
    let own: Readonly<Record<string, string>> | undefined;
    open(local(name), (wanted) => {
      own ??= attributes();
      const value = Object.hasOwn(own, wanted) ? own[wanted] : prefixed(own, wanted);
      return value === undefined ? undefined : decode(value);
    });
  });
  if (text !== undefined) {
    parser.on("text", (value, decode) => {
      const whole = value.includes("&#")
        ? value.replace(beyond, (entity, hex?: string, decimal?: string) => {
            const code = hex === undefined ? Number(decimal) : parseInt(hex, 16);
            return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
          })
        : value;
      text(decode(whole));
    });
    parser.on("cdata", text);
  }
  if (close !== undefined) parser.on("closeTag", (name) => close(local(name)));
  const decoder = new TextDecoder();
  // A text that is longer than a piece is searched for its end from its beginning each time, so the pieces grow until it is found.
  let [waiting, least] = ["", PIECE];
  for (let at = 0; at < bytes.length; at += PIECE) {
    waiting += decoder.decode(bytes.subarray(at, at + PIECE), { stream: true });
    if (waiting.length < least) continue;
    const before = elements;
    parser.write(waiting);
    [waiting, least] = ["", elements > before ? PIECE : 2 * least];
  }
  parser.write(waiting + decoder.decode());
  parser.end();
}

const prefixed = (attributes: Readonly<Record<string, string>>, wanted: string): string | undefined =>
  Object.entries(attributes).find(([name]) => !name.startsWith("xmlns") && local(name) === wanted)?.[1];
