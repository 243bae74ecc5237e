import { isRecord } from "../../arguments/collections.js";
import type { Schema } from "./keywords.js";

/**
 * The schema that a reference within a document names, as `#/$defs/node`; null if there is none.
 * @param pointer with its `#`
 */
export function referred(root: Schema, pointer: string): Schema | null {
  let at: unknown = root;
  const rest = pointer.slice(1);
  if (rest !== "" && !rest.startsWith("/")) return null;
  for (const part of rest.split("/").slice(1)) {
    const name = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if ((!isRecord(at) && !Array.isArray(at)) || !Object.hasOwn(at, name)) return null;
    at = (at as Record<string, unknown>)[name];
  }
  return isRecord(at) || typeof at === "boolean" ? at : null;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
