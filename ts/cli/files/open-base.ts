import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ConfigError, FormatError, ModelError } from "../../errors/errors.js";
import { type Json, parseJsonObject } from "../../io/json.js";
import { isFolder } from "../../io/node/folders.js";
import { type LocalModel, openSafetensorsFile } from "../../io/node/index.js";
import { folderSource } from "../../io/node/models/model-folder.js";
import {
  openShards,
  type OpenTensorFile,
  readWeightMap,
  type WeightMap,
  WEIGHTS,
  WEIGHTS_INDEX,
} from "../../io/safetensors/index.js";
import { isGguf } from "../inspected/inspected-gguf.js";
import type { Session } from "../session.js";
import { type BaseWeights, findModel } from "./base-model.js";

/**
 * Opens a model's weights.
 * @param names a folder, one or more .safetensors files, the index of sharded ones, a GGUF file, or a name to be found in the cache or at
 *   the hub
 * @throws `ConfigError` for other names, `FormatError` and `ModelError` for damaged files; after an error no
 *   file stays open
 */
export async function openBase(names: readonly string[], session: Session): Promise<BaseWeights> {
  const [first = ""] = names;
  const adapter = names.find((name) => isFolder(name) && isAdapter(name));
  if (adapter !== undefined)
    throw new ConfigError(`--base ${adapter}: this is an adapter's folder; pass it before --base, or with --adapter`, {
      option: "--base",
      value: adapter,
    });
  if (names.length > 1) return openFiles(first, dirname(first), filesBeside(names), null);
  if (isGguf(first)) return (await import("../merged/gguf-base.js")).openGgufBase(first);
  if (existsSync(first) && !isFolder(first)) {
    if (first.endsWith(".index.json")) return openIndexed(first, first);
    return openFiles(first, dirname(first), [basename(first)], null);
  }
  const model = isFolder(first) ? folderSource(first, first, "folder") : await findModel(first, session);
  const index = join(model.directory, WEIGHTS_INDEX);
  if (!existsSync(join(model.directory, WEIGHTS)) && existsSync(index)) return openIndexed(index, model.name, model);
  return openFiles(model.name, model.directory, [weightsIn(model.directory)], null, model);
}

/** Whether a folder has an adapter and no whole model; a merged run has both. */
const isAdapter = (folder: string) =>
  existsSync(join(folder, "adapter_config.json")) && !existsSync(join(folder, WEIGHTS));

function filesBeside(names: readonly string[]): string[] {
  const [first] = names;
  const other = names.find((name) => isFolder(name) || dirname(name) !== dirname(first!));
  if (other === undefined) return names.map((name) => basename(name));
  throw new ConfigError(`--base: several names must be files of one model in one folder; ${other} is not`, {
    option: "--base",
    value: other,
  });
}

/** A folder's only .safetensors file, if none has the usual name. */
function weightsIn(directory: string): string {
  if (existsSync(join(directory, WEIGHTS))) return WEIGHTS;
  const found = readdirSync(directory).filter((name) => name.endsWith(".safetensors"));
  if (found.length === 1) return found[0]!;
  const pickle = existsSync(join(directory, "pytorch_model.bin"))
    ? "; pytorch_model.bin is a Python pickle: save the model from transformers with safe_serialization=True"
    : "";
  throw new ModelError(
    `${directory}: expected ${WEIGHTS} or ${WEIGHTS_INDEX}, got ${found.length === 0 ? "no .safetensors file" : `${found.length} .safetensors files: name those that are the model`}${pickle}`,
    { directory, files: found },
  );
}

async function openIndexed(path: string, name: string, model?: LocalModel): Promise<BaseWeights> {
  const fail = (problem: string, cause?: unknown) => new ModelError(`${path}: ${problem}`, { path }, { cause });
  const json = parseJsonObject(new Uint8Array(readFileSync(path)), fail);
  const map = readWeightMap(json, fail);
  return openFiles(name, dirname(path), map.files, { file: basename(path), json, map }, model);
}

async function openFiles(
  name: string,
  directory: string,
  files: readonly string[],
  indexed: { file: string; json: { readonly [key: string]: Json }; map: WeightMap } | null,
  model: LocalModel = folderSource(directory, name, "folder"),
): Promise<BaseWeights> {
  const config = readConfig(directory);
  const opened = new Map<string, OpenTensorFile>();
  const close = async () => {
    for (const file of opened.values()) await file.close();
  };
  const fail = (problem: string) => new ModelError(`${name}: ${problem}`, { model: name });
  try {
    for (const file of files) opened.set(file, await openWeightsFile(join(directory, file)));
    const map = indexed?.map ?? joined(opened, fail);
    const tensors = await openShards(map, async (file) => opened.get(file)!, fail);
    const index = indexed && { file: indexed.file, json: indexed.json };
    return { model, files: opened, tensors, index, config, kind: "own", close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWeightsFile(path: string): Promise<OpenTensorFile> {
  if (!existsSync(path)) throw new ModelError(`${path}: there is no such file`, { path });
  // Reading a pipe could wait forever.
  if (!statSync(path).isFile()) throw new ModelError(`${path}: expected a file`, { path });
  try {
    return await openSafetensorsFile(path);
  } catch (error) {
    const kind = error instanceof FormatError ? otherKind(path) : undefined;
    if (kind === undefined) throw error;
    throw new FormatError(`${path}: expected a safetensors file; ${kind}`, { file: path }, { cause: error });
  }
}

function joined(opened: ReadonlyMap<string, OpenTensorFile>, fail: (problem: string) => ModelError): WeightMap {
  const fileOf = new Map<string, string>();
  for (const [file, { names }] of opened)
    for (const tensor of names) {
      if (fileOf.has(tensor)) throw fail(`${fileOf.get(tensor)} and ${file} both have a tensor ${tensor}`);
      fileOf.set(tensor, file);
    }
  return { files: [...opened.keys()], fileOf };
}

function readConfig(directory: string): BaseWeights["config"] {
  const path = join(directory, "config.json");
  if (!existsSync(path)) return null;
  return parseJsonObject(
    new Uint8Array(readFileSync(path)),
    (problem, cause) => new ModelError(`${path}: ${problem}`, { path }, { cause }),
  );
}

const START = 512;

/** Field 1 of a protocol buffer with a small number, then the producer's name or an import; no header of JSON after a length. */
const isOnnxStart = (start: string) =>
  start.charCodeAt(0) === 8 && start.charCodeAt(1) < 32 && ["\u0012", ":"].includes(start[2]!) && start[8] !== "{";

/** Files that are often mistaken for a model's weights, by their first bytes, with advice. */
const kinds: readonly { readonly is: (start: string, name: string) => boolean; readonly advice: string }[] = [
  {
    is: (start) => start.startsWith("PK\u0003\u0004") || start.startsWith("\u0080\u0002"),
    advice:
      "it looks like PyTorch's own format or an archive; in Python, safetensors.torch.save_file writes its tensors as safetensors",
  },
  { is: (start) => start.startsWith("GGUF"), advice: "it is GGUF; the base's own repository has it as safetensors" },
  {
    // The version of its format, the first field that exporters write, and then another.
    is: (start, name) => name.endsWith(".onnx") || isOnnxStart(start),
    advice:
      "it is ONNX: `lowrank merge --onnx` writes an adapter into it; the base's own repository has it as safetensors",
  },
  {
    is: (start) => start.startsWith("version https://git-lfs"),
    advice: "it is a Git LFS pointer; `git lfs pull` fetches the file",
  },
  {
    is: (start) => start.startsWith("PAR1"),
    advice: "it is Parquet: examples for `lowrank finetune --data`",
  },
  {
    is: (_, name) => /\.(csv|tsv|tab|jsonl|ndjson)$/i.test(name),
    advice: "it has examples: `lowrank finetune --data` trains on them, `lowrank predict --file` predicts their labels",
  },
  {
    is: (start) => /^(?:\u00ef\u00bb\u00bf)?\s*[[{]/.test(start),
    advice: "it is JSON; `lowrank inspect` of its folder shows a run, an adapter or a model",
  },
];

/** The kind of a file that is not safetensors, with advice; empty if unknown. */
export function otherKind(path: string): string | undefined {
  const buffer = Buffer.alloc(START);
  const file = openSync(path, "r");
  try {
    const start = buffer.subarray(0, readSync(file, buffer, 0, START, 0)).toString("latin1");
    return kinds.find(({ is }) => is(start, basename(path)))?.advice;
  } finally {
    closeSync(file);
  }
}
