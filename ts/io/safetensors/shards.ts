import type { ModelError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { isJsonObject } from "../json.js";
import type { OpenTensorFile } from "./open.js";
import type { TensorIndex } from "./read.js";

/** The file of a model that is in one. */
export const WEIGHTS = "model.safetensors";

/** Says which of several files a tensor lies in, where a model is in more than one. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

/** Files that a model may be in; the largest have some two hundred. */
const MOST_FILES = 10_000;

/** Which of a model's files each tensor lies in. */
export interface WeightMap {
  /** Each once, in the order in which they are first named. */
  readonly files: readonly string[];
  readonly fileOf: ReadonlyMap<string, string>;
}

/**
 * What model.safetensors.index.json says. File names are those of files beside it: nothing that leads elsewhere.
 * @param fail makes the error; its problem reads on from the file's name
 */
export function readWeightMap(
  json: { readonly [key: string]: unknown },
  fail: (problem: string) => ModelError,
): WeightMap {
  const map = json["weight_map"];
  if (!isJsonObject(map)) throw fail(`weight_map must say which file each tensor lies in, got ${excerpt(map)}`);
  const fileOf = new Map<string, string>();
  const files = new Set<string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(file) || file.length > 200)
      throw fail(`weight_map: ${excerpt(tensor)} must lie in a .safetensors file beside it, got ${excerpt(file)}`);
    files.add(file);
    if (files.size > MOST_FILES) throw fail(`weight_map names more than ${MOST_FILES} files`);
    fileOf.set(tensor, file);
  }
  if (files.size > 0) return { files: [...files], fileOf };
  throw fail("weight_map names no file");
}

/** What names and shapes several files have as one. Throws where one lacks a tensor that it should have. */
export function joinIndexes(
  { files, fileOf }: WeightMap,
  indexes: ReadonlyMap<string, TensorIndex>,
  fail: (problem: string) => ModelError,
): TensorIndex {
  for (const [tensor, file] of fileOf) {
    if (!indexes.get(file)!.has(tensor)) throw fail(`${file} has no tensor ${excerpt(tensor)}, which lies there`);
  }
  const first = indexes.get(files[0]!)!;
  return {
    names: [...fileOf.keys()],
    metadata: first.metadata,
    has: (name) => fileOf.has(name),
    // Of a tensor that is in none, the first file's error says so.
    info: (name) => indexes.get(fileOf.get(name) ?? files[0]!)!.info(name),
  };
}

/** Several files as one. Whatever it throws, none stays open. */
export async function openShards(
  map: WeightMap,
  open: (file: string) => Promise<OpenTensorFile>,
  fail: (problem: string) => ModelError,
): Promise<OpenTensorFile> {
  const { files, fileOf } = map;
  const opened = new Map<string, OpenTensorFile>();
  const close = async () => {
    for (const file of opened.values()) await file.close();
  };
  try {
    for (const file of files) opened.set(file, await open(file));
    const of = (tensor: string) => opened.get(fileOf.get(tensor) ?? files[0]!)!;
    return {
      ...joinIndexes(map, opened, fail),
      tensor: async (name) => of(name).tensor(name),
      raw: async (name, begin, end, into) => of(name).raw(name, begin, end, into),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
