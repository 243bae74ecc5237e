import { AdapterError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { Fingerprint, isFingerprint } from "../fingerprint.js";
import { isJsonObject, type JsonFailure, parseJsonObject } from "../json.js";
import type { Adapter } from "./adapter.js";

/** An adapter that is merged into a model's weights. */
interface MergedAdapter {
  /** Name: the last part of its folder's path. */
  readonly name: string;
  /** Fingerprint of its tensors and scalings. */
  readonly fingerprint: string;
}

/** The origin of a merged model's weights. */
export interface MergedModel {
  /** Name of the base. */
  readonly base: string;
  /** Adapters in the order of merging. */
  readonly adapters: readonly MergedAdapter[];
}

/** The key in the metadata of safetensors and GGUF files that records this: it is part of every copy. */
export const MERGED_KEY = "lowrank.merged";

/** Identifies an adapter by its effect, not by its name or its modules' names. */
export function adapterFingerprint({ layers, extra }: Pick<Adapter, "layers" | "extra">): string {
  const print = new Fingerprint();
  for (const path of [...layers.keys()].sort()) {
    const { loraA, loraB, bias, magnitude, scaling } = layers.get(path)!;
    for (const { data } of [loraA, loraB]) print.add(data);
    for (const part of [bias, magnitude]) print.add(part?.data ?? new Uint8Array());
    print.addNumber(scaling);
  }
  for (const name of [...extra.keys()].sort()) print.add(extra.get(name)!.data);
  return print.toString();
}

/** The merged adapters in a file's metadata; null if there are none. `fail` makes the error for invalid contents. */
export function readMerged(metadata: ReadonlyMap<string, string>, fail: JsonFailure): MergedModel | null {
  const text = metadata.get(MERGED_KEY);
  if (text === undefined) return null;
  const say: JsonFailure = (problem, cause) => fail(`metadata: ${MERGED_KEY}: ${problem}`, cause);
  const { base, adapters } = parseJsonObject(new TextEncoder().encode(text), say);
  if (typeof base !== "string" || !Array.isArray(adapters) || !adapters.every(isMergedAdapter))
    throw say(`{ base, adapters: [{ name, fingerprint }] } is expected, got ${excerpt(text)}`);
  return { base, adapters };
}

const isMergedAdapter = (value: unknown): value is MergedAdapter =>
  isJsonObject(value) && typeof value["name"] === "string" && isFingerprint(value["fingerprint"]);

/** A file's metadata with the merged adapters. transformers expects the library's name there. */
export function withMerged(metadata: ReadonlyMap<string, string>, merged: MergedModel): Map<string, string> {
  return new Map([["format", "pt"], ...metadata, [MERGED_KEY, JSON.stringify(merged)]]);
}

/** Throws `AdapterError` if the adapter is merged into the weights already: it would count twice. */
export function checkNotMerged(what: string, adapter: Adapter, model: string, merged: MergedModel | null): void {
  if (merged === null) return;
  const fingerprint = adapterFingerprint(adapter);
  const found = merged.adapters.find((held) => held.fingerprint === fingerprint);
  if (found === undefined) return;
  throw new AdapterError(
    `${what}: the weights of ${clip(model)} hold this adapter already (merged from ${clip(found.name)}), so it would be ` +
      `applied twice: use the merged model by itself, or the adapter on its base, ${clip(merged.base)}`,
    { op: what, model, name: found.name, reason: "merged" },
  );
}
