import { excerpt } from "../../../errors/excerpt.js";
import { isJsonObject } from "../../json.js";
import { readJsonRows, type WholeRow } from "../json.js";
import { broken, type LocatedTokens, nameOf, type TokenFields } from "./located-tokens.js";

/**
 * Examples of JSON Lines or JSON: `{ tokens, tags }`, or `{ text, spans }` of spans `{ start, end, label }` or `[start, end, label]`,
 * counted in UTF-16 units. Throws `FormatError` with the place for other rows.
 */
export function readJsonTokens(
  bytes: Uint8Array,
  format: "json" | "jsonl",
  file: string,
  fields: TokenFields,
  tagged: boolean,
): LocatedTokens[] {
  return readJsonRows(bytes, format, file).map(({ line, row }) => ({
    line,
    example: exampleOf(row, line, file, fields, tagged),
  }));
}

function exampleOf(
  row: WholeRow["row"],
  line: number,
  file: string,
  fields: TokenFields,
  tagged: boolean,
): LocatedTokens["example"] {
  const at = (field: Parameters<typeof nameOf>[1]) => row[nameOf(fields, field)];
  const [tokens, tags, text, spans] = [at("tokens"), at("tags"), at("text"), at("spans")];
  if (!tagged && Array.isArray(tokens)) return { words: tokens as string[], labels: tokens.map(() => null) };
  if (!tagged && typeof text === "string") return { text, entities: [] };
  if (Array.isArray(tokens) && Array.isArray(tags)) {
    const numbers = tags.findIndex((tag) => tag !== null && typeof tag !== "string");
    if (numbers >= 0)
      throw broken(
        file,
        line,
        `tags are names such as "B-PER", or null, got ${excerpt(tags[numbers])}; replace numbers by the names of the tags`,
      );
    return { words: tokens as string[], labels: tags as (string | null)[] };
  }
  if (typeof text === "string" && Array.isArray(spans)) return { text, entities: spans.map(spanOf) as never };
  const name = (field: Parameters<typeof nameOf>[1]) => nameOf(fields, field);
  if (!tagged)
    throw broken(
      file,
      line,
      `${name("tokens")}, a list of words, or ${name("text")}, a text, is expected, got the fields ${excerpt(Object.keys(row))}`,
    );
  throw broken(
    file,
    line,
    `{ ${name("tokens")}, ${name("tags")} } of two lists, or { ${name("text")}, ${name("spans")} } of a text and its spans, is expected, got the fields ${excerpt(Object.keys(row))}`,
  );
}

/** A span as an object. The caller rejects invalid ones, with their place. */
function spanOf(span: unknown): unknown {
  if (Array.isArray(span) && span.length === 3) return { start: span[0], end: span[1], label: span[2] };
  return isJsonObject(span) ? { start: span["start"], end: span["end"], label: span["label"] } : span;
}
