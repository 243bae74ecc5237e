import { throwIfAborted } from "../../waiting/abort.js";
import { ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { bytesSource, checkSource, readRange } from "../../io/byte-source.js";
import { parseJsonObject } from "../../io/json.js";
import { readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "../../io/safetensors/index.js";
import type { JobModel } from "./job-sources.js";
import { sha256 } from "./sha256.js";

/** A model, and what its files hash to. */
export interface HashedModel {
  /** SHA-256 over those of the files that decide what the model computes. */
  readonly hash: string;
  readonly model: JobModel;
}

/** Files that decide what a model computes. */
const DECISIVE = ["config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS];

/** Those that do where a model has them: what texts and vectors are made of, and what its weights are in if not in one file. */
const DECISIVE_IF_THERE = [
  ...["modules.json", "1_Pooling/config.json", "2_Dense/config.json", "2_Dense/model.safetensors"],
  ...["sentence_bert_config.json", WEIGHTS_INDEX],
];

/**
 * Hashes a model's files. Those that had to be read for it are kept until they are opened: what is loaded is what was
 * hashed, and an address is fetched once. Throws `AbortError` when cancelled.
 * @param more further files that decide it where a model of this kind has them
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
  for (const file of [...DECISIVE_IF_THERE, ...more]) await add(file, false);
  if (!whole) for (const file of await shards(model, kept)) await add(file, true);
  const open: JobModel["open"] = async (file) => {
    const bytes = kept.get(file);
    if (bytes === undefined) return model.open(file);
    // What decides the model's size is looked at once more before all else.
    if (file !== "config.json") kept.delete(file);
    return bytes && bytesSource(bytes);
  };
  return { hash: await sha256(new TextEncoder().encode(lines.join(""))), model: { name, origin, open } };
}

/** The files that the weights lie in where they are in several. Throws `ModelError` for an index that makes no sense. */
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
    // Copied: a source may use the same buffer for what is read next, and what was hashed is to be what is loaded.
    return new Uint8Array(await readRange(source, 0, source.size, file));
  } finally {
    await source.close?.();
  }
}
