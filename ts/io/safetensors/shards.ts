import type { ModelError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { isJsonObject } from "../json.js";
import type { OpenTensorFile, TensorIndex } from "./read.js";

/** The file of a model in one file. */
export const WEIGHTS = "model.safetensors";

/** The index of a model in several files. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

/** Maximum number of files of a model; the largest have about two hundred. */
const MOST_FILES = 10_000;

/** The file of each of a model's tensors. */
export interface WeightMap {
  /** Each file once, in order of first mention. */
  readonly files: readonly string[];
  readonly fileOf: ReadonlyMap<string, string>;
}

/**
 * Contents of model.safetensors.index.json. File names must be those of files in the same folder.
 * @param fail makes the error; its text follows the file's name
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

/** Several files' names and shapes as one. Throws if a file lacks a tensor. */
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
    // For a tensor in no file, the first file reports the error.
    info: (name) => indexes.get(fileOf.get(name) ?? files[0]!)!.info(name),
  };
}

/** Several files as one. After an error all are closed. */
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
