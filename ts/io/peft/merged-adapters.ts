import { AdapterError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { Fingerprint, isFingerprint } from "../fingerprint.js";
import { isJsonObject, type JsonFailure, parseJsonObject } from "../json.js";
import type { Adapter } from "./adapter.js";

/** An adapter whose update a model's weights hold. */
export interface MergedAdapter {
  /** What it was called: the last part of its folder's path. */
  readonly name: string;
  /** Of its tensors and scalings. */
  readonly fingerprint: string;
}

/** What a model's weights are made of, where it was merged. */
export interface MergedModel {
  /** What the base was called. */
  readonly base: string;
  /** In the order in which they were merged. */
  readonly adapters: readonly MergedAdapter[];
}

/** The key of safetensors' and GGUF's metadata under which a merged model's weights say so: wherever they are copied to, it comes along. */
export const MERGED_KEY = "lowrank.merged";

/** Tells adapters apart by what they do, whatever they and their modules are called. */
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

/** What a file's metadata say of what is merged into it; null where they say nothing. `fail` makes the error of what makes no sense. */
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

/** A file's metadata with what is merged into it. transformers wants to read there which library the file is for. */
export function withMerged(metadata: ReadonlyMap<string, string>, merged: MergedModel): Map<string, string> {
  return new Map([["format", "pt"], ...metadata, [MERGED_KEY, JSON.stringify(merged)]]);
}

/** Throws `AdapterError` where a model's weights hold the adapter already: applied to them it would count twice. */
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
