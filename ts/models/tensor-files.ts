import { ModelError } from "../errors.js";
import { clip, excerpt } from "../excerpt.js";
import { isJsonObject } from "../io/json.js";
import { openSafetensors, type OpenTensorFile } from "../io/safetensors/index.js";
import { type ModelSource, readJson, readRequired } from "./model-source.js";

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

/**
 * Opens a model's weights: model.safetensors or, where there is none, the files that model.safetensors.index.json names, as
 * one. Throws `ModelError` where neither is there, a file is missing, or one lacks a tensor that it should have.
 */
export async function openWeights(source: ModelSource): Promise<OpenTensorFile> {
  const single = await source.open(WEIGHTS);
  if (single !== null) return openSafetensors(single, WEIGHTS);
  const index = await readJson(source, WEIGHTS_INDEX);
  if (index === null) return openSafetensors(await readRequired(source, WEIGHTS), WEIGHTS);
  const fail = (problem: string) =>
    new ModelError(`model ${clip(source.name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: source.name });
  return openShards(
    readWeightMap(index, fail),
    async (file) => openSafetensors(await readRequired(source, file), file),
    fail,
  );
}

/** Several files as one. Whatever it throws, none stays open. */
export async function openShards(
  { files, fileOf }: WeightMap,
  open: (file: string) => Promise<OpenTensorFile>,
  fail: (problem: string) => ModelError,
): Promise<OpenTensorFile> {
  const opened = new Map<string, OpenTensorFile>();
  const close = async () => {
    for (const file of opened.values()) await file.close();
  };
  try {
    for (const file of files) opened.set(file, await open(file));
    for (const [tensor, file] of fileOf) {
      if (!opened.get(file)!.has(tensor)) throw fail(`${file} has no tensor ${excerpt(tensor)}, which lies there`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  // For a tensor that is in none, the first file's error says so.
  const of = (tensor: string) => opened.get(fileOf.get(tensor) ?? files[0]!)!;
  return {
    names: [...fileOf.keys()],
    metadata: opened.get(files[0]!)!.metadata,
    has: (name) => fileOf.has(name),
    info: (name) => of(name).info(name),
    tensor: async (name) => of(name).tensor(name),
    raw: async (name) => of(name).raw(name),
    close,
  };
}
