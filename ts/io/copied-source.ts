import { kindOf } from "../errors/excerpt.js";
import type { FileMap } from "./file-access.js";
import type { ModelSource } from "./model-source.js";

/** A call's model as it is now: files by name are copied, for the code that reads them may have to be fetched first. */
export function copiedSource(source: string | FileMap | ModelSource): string | FileMap | ModelSource {
  if (kindOf(source) !== "Object" || typeof (source as ModelSource).open === "function") return source;
  return { ...(source as FileMap) };
}
