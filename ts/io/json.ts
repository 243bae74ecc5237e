import { clip, excerpt } from "../errors/excerpt.js";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Objects and lists that may stand one in another. Honest files have a dozen; what walks a value may then recurse. */
const MAX_DEPTH = 100;

/** How strictly JSON is read. */
export interface JsonRules {
  /** Numbers must be whole, from 0 to 2^53 − 1, written in digits alone. Default false: any that float64 can hold. */
  readonly wholeNumbers?: boolean;
  /** Strings may hold halves of surrogate pairs, which are no text that UTF-8 could carry. Default false. */
  readonly loneSurrogates?: boolean;
  /** The bytes may begin with a byte order mark. Default true. */
  readonly byteOrderMark?: boolean;
}

/** Makes the error that a reader throws: `problem` reads "expected JSON: …", to be put after the file's name and a colon. */
export type JsonFailure<E extends Error = Error> = (problem: string, cause?: unknown) => E;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends the string starting at `start`; the text's length where none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Whether nesting passes `MAX_DEPTH`; for any text, so that it can be asked before parsing. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) i = endOfString(text, i);
    else if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const isSpace = (code: number) => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
/** What a number goes on with: digits, ".", "e", "E", "+", "-". */
const inNumber = (code: number) =>
  isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d;

function numberProblem(source: string, wholeNumbers: boolean): string | null {
  const value = Number(source);
  if (wholeNumbers && !(/^\d+$/.test(source) && Number.isSafeInteger(value)))
    return `the number ${clip(source, 40)} is not a whole number from 0 to 2^53 − 1`;
  return Number.isFinite(value) ? null : `the number ${clip(source, 40)} is larger than any that can be kept`;
}

/**
 * First thing that `JSON.parse` takes although it has no one meaning: an object with the same key twice, a number too large,
 * half a surrogate pair. Null if there is none. `text` has already passed `JSON.parse`.
 */
function findAmbiguity(text: string, { wholeNumbers = false, loneSurrogates = false }: JsonRules): string | null {
  const open: (Set<string> | null)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7b) open.push(new Set());
    else if (code === 0x5b) open.push(null);
    else if (code === 0x7d || code === 0x5d) open.pop();
    else if (code === QUOTE) {
      const end = endOfString(text, i);
      const raw = text.slice(i + 1, end);
      i = end;
      const value = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
      if (!loneSurrogates && /\p{Surrogate}/u.test(value))
        return `the string ${excerpt(value, 60)} has half a surrogate pair`;
      const keys = open.at(-1);
      if (!keys) continue;
      let next = end + 1;
      while (isSpace(text.charCodeAt(next))) next++;
      if (text[next] !== ":") continue;
      if (keys.has(value)) return `the key ${excerpt(value, 60)} stands twice in one object`;
      keys.add(value);
    } else if (isDigit(code) || code === 0x2d) {
      const start = i;
      while (inNumber(text.charCodeAt(i + 1))) i++;
      const problem = numberProblem(text.slice(start, i + 1), wholeNumbers);
      if (problem !== null) return problem;
    }
  }
  return null;
}

function decode(bytes: Uint8Array, byteOrderMark: boolean, fail: JsonFailure): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: !byteOrderMark }).decode(bytes);
  } catch (cause) {
    throw fail("expected JSON in UTF-8, got bytes that are not", cause);
  }
}

/**
 * Reads JSON that a stranger may have written. Beyond what `JSON.parse` refuses, it refuses what readers elsewhere would
 * read differently, or could not walk: nesting over 100 levels, a key twice in one object, numbers beyond float64, halves
 * of surrogate pairs, bytes that are not UTF-8. Keys such as "__proto__" are own properties like any other: ask with
 * `Object.hasOwn`.
 * @param source UTF-8 bytes, or text
 * @param fail makes the error that is thrown
 */
export function parseJson(source: Uint8Array | string, fail: JsonFailure, rules: JsonRules = {}): Json {
  const text = typeof source === "string" ? source : decode(source, rules.byteOrderMark ?? true, fail);
  if (isTooDeep(text)) throw fail(`expected JSON nested at most ${MAX_DEPTH} levels deep`);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw fail(`expected JSON: ${clip((cause as Error).message)}`, cause);
  }
  const ambiguity = findAmbiguity(text, rules);
  if (ambiguity !== null) throw fail(`expected JSON that all read alike: ${ambiguity}`);
  return value;
}

/** Whether a value is a JSON object: neither null nor a list. */
export function isJsonObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `parseJson` for a file that must hold an object. */
export function parseJsonObject(
  source: Uint8Array | string,
  fail: JsonFailure,
  rules?: JsonRules,
): { readonly [key: string]: Json } {
  const value = parseJson(source, fail, rules);
  if (isJsonObject(value)) return value;
  throw fail(`expected a JSON object, got ${Array.isArray(value) ? "a list" : excerpt(value)}`);
}
