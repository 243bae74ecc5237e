import { throwIfAborted } from "../../waiting/abort.js";
import { ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { bytesSource, checkSource, readRange } from "../../io/byte-source.js";
import { parseJsonObject } from "../../io/json.js";
import { moduleFolders } from "../../models/sentence/layout.js";
import { readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "../../io/safetensors/index.js";
import type { JobModel } from "./job-sources.js";
import { sha256 } from "../../io/sha256.js";

/** A model and its files' hashes. */
export interface HashedModel {
  /** SHA-256 over the hashes of the files that determine the model's results. */
  readonly hash: string;
  readonly model: JobModel;
}

/** Files that determine a model's results. */
const DECISIVE = ["config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS];

/**
 * Optional files that do so: tokenizer, pooling, and the index of weights in several files. Modules in other folders follow, as modules.json
 * lists them; reports record the hash, which depends on their order.
 */
const DECISIVE_IF_THERE = [
  "modules.json",
  "1_Pooling/config.json",
  "2_Dense/config.json",
  "2_Dense/model.safetensors",
  "sentence_bert_config.json",
  WEIGHTS_INDEX,
];

/**
 * Hashes a model's files. Files that were read for hashing are kept until they are opened, so the loaded bytes are the hashed ones, and an
 * address is fetched once. Throws `AbortError` when cancelled.
 * @param more further optional files that determine the results of this kind of model
 */
export async function hashModel(
  model: JobModel,
  signal: AbortSignal | undefined,
  more: readonly string[] = [],
): Promise<HashedModel> {
  const { name, origin } = model;
  const kept = new Map<string, Uint8Array | null>();
  const lines: string[] = [];
  const add = async (file: string, always: boolean) => {
    throwIfAborted(signal);
    const digest = await digestOf(model, file, kept, signal);
    if (always || digest !== null) lines.push(`${file} ${digest ?? "none"}\n`);
    return digest !== null;
  };
  let whole = false;
  for (const file of DECISIVE) whole = await add(file, true);
  for (const file of DECISIVE_IF_THERE) await add(file, false);
  for (const file of new Set([...(await moduleFiles(model, kept)), ...more]))
    if (!DECISIVE_IF_THERE.includes(file)) await add(file, false);
  if (!whole) for (const file of await shards(model, kept)) await add(file, true);
  const open: JobModel["open"] = async (file) => {
    const bytes = kept.get(file);
    if (bytes === undefined) return model.open(file);
    // The configuration is read again first: it determines the model's size.
    if (file !== "config.json") kept.delete(file);
    return bytes && bytesSource(bytes);
  };
  return { hash: await sha256(new TextEncoder().encode(lines.join(""))), model: { name, origin, open } };
}

/** Files of the modules that modules.json lists; of a module that scores pairs the settings too, which have its instruction. */
async function moduleFiles(model: JobModel, kept: ReadonlyMap<string, Uint8Array | null>): Promise<string[]> {
  const open = async (file: string) => {
    const bytes = kept.get(file);
    return bytes === undefined ? model.open(file) : bytes && bytesSource(bytes);
  };
  return (await moduleFolders({ name: model.name, open })).flatMap(({ kind, folder }) => [
    `${folder}/config.json`,
    `${folder}/model.safetensors`,
    ...(kind === "LogitScore" ? ["config_sentence_transformers.json"] : []),
  ]);
}

/** The files of weights in several files. Throws `ModelError` for an invalid index. */
async function shards(model: JobModel, kept: ReadonlyMap<string, Uint8Array | null>): Promise<readonly string[]> {
  const bytes = kept.get(WEIGHTS_INDEX) ?? (await readWhole(model, WEIGHTS_INDEX));
  if (bytes === null) return [];
  const fail = (problem: string) =>
    new ModelError(`model ${clip(model.name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: model.name });
  return readWeightMap(parseJsonObject(bytes, fail), fail).files;
}

async function digestOf(
  model: JobModel,
  file: string,
  kept: Map<string, Uint8Array | null>,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  if (typeof model.digest === "function") {
    const digest = await model.digest(file, signal);
    if (digest === null || /^[0-9a-f]{64}$/.test(digest)) return digest;
    throw new ModelError(`model ${clip(model.name)}: a SHA-256 of ${file} is expected, got ${excerpt(digest)}`, {
      op: model.name,
      file,
      expected: "a SHA-256 in hexadecimal",
      value: digest,
    });
  }
  const bytes = await readWhole(model, file);
  kept.set(file, bytes);
  return bytes && sha256(bytes);
}

async function readWhole(model: JobModel, file: string): Promise<Uint8Array | null> {
  const source = await model.open(file);
  if (source === null) return null;
  checkSource(`model ${clip(model.name)}: ${file}`, source);
  try {
    // Copied: a source may reuse its buffer, and the loaded bytes must be the hashed ones.
    return new Uint8Array(await readRange(source, 0, source.size, file));
  } finally {
    await source.close?.();
  }
}
