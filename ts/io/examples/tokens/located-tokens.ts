import { ConfigError, FormatError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { placeIn } from "../example.js";

/** Words of a text with labels, null for none. */
interface WordsRow {
  readonly words: readonly string[];
  readonly labels: readonly (string | null)[];
}

/** A text and the entities in it, in UTF-16 units. */
interface SpansRow {
  readonly text: string;
  readonly entities: readonly { readonly start: number; readonly end: number; readonly label: string }[];
}

/** Words or spans with labels, as a token classifier accepts them, and their place. */
export interface LocatedTokens {
  readonly example: WordsRow | SpansRow;
  /** First line in the file, from 1; in JSON and Parquet its number from 1. */
  readonly line: number;
}

/** A file's names for the standard fields `tokens`, `tags`, `text`, `spans`, `sentence`. */
export type TokenFields = Readonly<Record<string, string>>;

/** The standard names. */
const tokenFieldNames = ["tokens", "tags", "text", "spans", "sentence"] as const;

/** A field's name in a file. */
export const nameOf = (fields: TokenFields, field: (typeof tokenFieldNames)[number]): string =>
  Object.hasOwn(fields, field) ? fields[field]! : field;

/** Throws `ConfigError` for unknown names of fields. */
export function checkTokenFields(what: string, fields: TokenFields): void {
  const strange = Object.keys(fields).find((name) => !(tokenFieldNames as readonly string[]).includes(name));
  if (strange === undefined) return;
  throw new ConfigError(`${what}: fields has no ${excerpt(strange)}; there are ${tokenFieldNames.join(", ")}`, {
    op: what,
    option: "fields",
    value: strange,
    allowed: tokenFieldNames,
  });
}

/** An error at a place in a file. */
export const broken = (file: string, line: number, problem: string) =>
  new FormatError(`${file}, ${placeIn(file, line)}: ${problem}`, { file, line });

/** Throws `FormatError` unless word and tag are present; the tag is null if none is expected. */
export function checkWord(file: string, line: number, word: string, tag: string | null): void {
  if (word.trim() === "") {
    const before = tag === null ? "" : ` before its tag ${excerpt(tag)}`;
    throw broken(file, line, `a word is expected${before}, got an empty one`);
  }
  if (tag?.trim() === "") throw broken(file, line, `a tag is expected after the word ${clip(excerpt(word), 60)}`);
}

/** How to read a file of labelled words. */
export interface TokenReading {
  /** The file's name; its extension determines the format. */
  readonly file: string;
  readonly fields: TokenFields;
  readonly onWarning: (message: string) => void;
  /** Whether to read tags; default true. If false, words have no tags and texts no spans. */
  readonly tagged?: boolean;
}
