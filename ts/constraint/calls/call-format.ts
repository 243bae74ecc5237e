import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { bytes, choice, type Part, reference, repeated, type Rule, sequence, text } from "../parts.js";
import { elements, keywordArguments } from "../schema/containers.js";
import type { Schema } from "../schema/keywords.js";
import { rawTexts, type TextStyle } from "../schema/text-style.js";
import { newBudget, SchemaReader } from "../schema/schema-reader.js";

/** A part of a call's text. */
export type CallPiece =
  | string
  /** A special token, or its text in vocabularies that do not have it. */
  | { readonly token: string }
  /** JSON of a schema; `path` is where that is, for messages. */
  | { readonly schema: Schema; readonly path: string }
  /** An object's properties as arguments by keyword: name, `assign`, JSON. */
  | { readonly keywords: Schema; readonly path: string; readonly assign: string; readonly separator: string }
  /** An object's properties as elements of this name: strings as they are, other values as JSON. */
  | { readonly elements: Schema; readonly path: string; readonly element: string };

/** Texts of one call or several. */
export interface CallFormat {
  readonly before: readonly CallPiece[];
  /** What a call is, for each function. */
  readonly calls: readonly (readonly CallPiece[])[];
  readonly between: readonly CallPiece[];
  readonly after: readonly CallPiece[];
  /** Maximum number of calls. */
  readonly most: number;
  /** A schema that the text may have in place of calls. */
  readonly otherwise?: Schema | undefined;
}

/** A byte that UTF-8 does not have: before the number of a special token, it stands for that. */
export const MARK = 0xff;

/** Special tokens of a format, each once. */
export function tokensOf({ before, calls, between, after }: CallFormat): string[] {
  const pieces = [before, ...calls, between, after].flat();
  return [...new Set(pieces.flatMap((piece) => (typeof piece === "object" && "token" in piece ? [piece.token] : [])))];
}

/**
 * The rule of a format's texts. Throws as schemas do.
 * @param tokens special tokens that the vocabulary has, by number
 */
export function callsRule(what: string, format: CallFormat, tokens: readonly string[]): Rule {
  const spent = newBudget();
  const texts = new Map<string, TextStyle>();
  const partOf = (piece: CallPiece): Part => {
    if (typeof piece === "string") return text(piece);
    if ("token" in piece) {
      const number = tokens.indexOf(piece.token);
      return number < 0 ? text(piece.token) : bytes([[MARK, number].map((byte) => [byte, byte] as const)]);
    }
    if ("schema" in piece) return reference(SchemaReader.rule(what, piece.schema, piece.path, spent));
    if ("elements" in piece) {
      const own = texts.get(piece.element) ?? rawTexts(`</${piece.element}>`);
      texts.set(piece.element, own);
      const properties = SchemaReader.properties(what, piece.elements, piece.path, spent, own);
      for (const { name } of properties) checkElement(what, piece.path, name);
      return elements(properties, piece.element);
    }
    const properties = SchemaReader.properties(what, piece.keywords, piece.path, spent);
    for (const { name } of properties) checkKeyword(what, piece.path, name);
    return keywordArguments(properties, piece.assign, piece.separator);
  };
  const all = (pieces: readonly CallPiece[]) => sequence(...pieces.map(partOf));
  const call: Rule = { name: "a call", part: () => choice(format.calls.map(all)) };
  const further = repeated(sequence(all(format.between), reference(call)), 0, format.most - 1);
  return {
    name: "calls",
    part: () => {
      const some = sequence(all(format.before), reference(call), further, all(format.after));
      const { otherwise } = format;
      return otherwise === undefined
        ? some
        : choice([some, reference(SchemaReader.rule(what, otherwise, undefined, spent))]);
    },
  };
}

/** Throws `UnsupportedError` for a name that cannot stand before `=` or `:` without quotes. */
function checkKeyword(what: string, path: string, name: string): void {
  if (!/^[\w$-]+$/.test(name)) throw wrongName(what, path, name, "by keyword", 'letters, digits and "_"');
}

/** Throws `UnsupportedError` for a name that cannot stand in a mark. */
function checkElement(what: string, path: string, name: string): void {
  if (!/^[^<>\n]+$/.test(name)) throw wrongName(what, path, name, "between marks", 'no "<", ">" or line break');
}

const wrongName = (what: string, path: string, name: string, how: string, instead: string) =>
  new UnsupportedError(
    `${what}: ${path}: this model writes arguments ${how}, for which ${excerpt(name)} is no name: take ${instead}`,
    { op: what, option: path, key: name },
  );
