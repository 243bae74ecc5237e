import { clip, excerpt } from "../errors/excerpt.js";

/** JSON values. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Maximum nesting. Real files have about ten levels; code that walks a value can recurse. */
const MAX_DEPTH = 100;

/** How strictly JSON is read. */
export interface JsonRules {
  /** Numbers must be whole, from 0 to 2^53 − 1, and written in digits only. Default false: any float64. */
  readonly wholeNumbers?: boolean;
  /** Strings may contain halves of surrogate pairs, which UTF-8 cannot encode. Default false. */
  readonly loneSurrogates?: boolean;
  /** The bytes may begin with a byte order mark. Default true. */
  readonly byteOrderMark?: boolean;
}

/** Makes a reader's error: `problem` reads "expected JSON: …" and follows the file's name and a colon. */
export type JsonFailure<E extends Error = Error> = (problem: string, cause?: unknown) => E;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends the string starting at `start`; the text's length if there is none. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Whether nesting exceeds `MAX_DEPTH`; works for any text, before parsing. */
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
/** Characters of a number after the first: digits, ".", "e", "E", "+", "-". */
const inNumber = (code: number) =>
  isDigit(code) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === 0x2d;

function numberProblem(source: string, wholeNumbers: boolean): string | null {
  const value = Number(source);
  if (wholeNumbers && !(/^\d+$/.test(source) && Number.isSafeInteger(value)))
    return `the number ${clip(source, 40)} is not a whole number from 0 to 2^53 − 1`;
  return Number.isFinite(value) ? null : `the number ${clip(source, 40)} is larger than any that can be kept`;
}

/**
 * The first ambiguity that `JSON.parse` accepts: a duplicate key, a number that is too large, half a surrogate pair. Null if there is none.
 * `text` has already passed `JSON.parse`.
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
 * Reads untrusted JSON. In addition to `JSON.parse`, it refuses what other readers would read differently or could not walk: nesting over
 * 100 levels, duplicate keys, numbers beyond float64, halves of surrogate pairs, bytes that are not UTF-8. Keys such as "__proto__" are
 * ordinary own properties: test with `Object.hasOwn`.
 * @param source UTF-8 bytes, or text
 * @param fail makes the error to throw
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

/** Whether a value is a JSON object, not null or a list. */
export function isJsonObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `parseJson` for a file that must contain an object. */
export function parseJsonObject(
  source: Uint8Array | string,
  fail: JsonFailure,
  rules?: JsonRules,
): { readonly [key: string]: Json } {
  const value = parseJson(source, fail, rules);
  if (isJsonObject(value)) return value;
  throw fail(`expected a JSON object, got ${Array.isArray(value) ? "a list" : excerpt(value)}`);
}

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Edits JSON and keeps numbers as they were written: Python distinguishes 2.0 from 2, and readers of configurations may refuse one for the
 * other.
 * @param text valid JSON of an object
 * @param edit returns the object to write; its numbers are texts
 */
export function editedJson<T extends { readonly [key: string]: Json }>(text: string, edit: (json: T) => Json): string {
  let mark = "number ";
  while (JSON.stringify(JSON.parse(text)).includes(mark)) mark += "#";
  const marked = text.replace(tokens, (token) => (token.startsWith('"') ? token : `"${mark}${token}"`));
  const written = JSON.stringify(edit(JSON.parse(marked) as T), null, 2);
  return written.replace(new RegExp(`"${mark}([^"]*)"`, "g"), "$1");
}
