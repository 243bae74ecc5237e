import type { Json } from "./json.js";

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
