import type { Json } from "./json.js";

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON with other values, in which numbers stay as they were written: Python tells 2.0 from 2, and readers of configurations refuse one
 * in place of the other.
 * @param text valid JSON of an object
 * @param edit gives the object that is written; numbers reach it as texts
 */
export function editedJson<T extends { readonly [key: string]: Json }>(text: string, edit: (json: T) => Json): string {
  let mark = "number ";
  while (JSON.stringify(JSON.parse(text)).includes(mark)) mark += "#";
  const marked = text.replace(tokens, (token) => (token.startsWith('"') ? token : `"${mark}${token}"`));
  const written = JSON.stringify(edit(JSON.parse(marked) as T), null, 2);
  return written.replace(new RegExp(`"${mark}([^"]*)"`, "g"), "$1");
}
