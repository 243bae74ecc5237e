import { checkOptions } from "../../arguments/options.js";
import { checkRecord } from "../../arguments/collections.js";
import { check } from "../../arguments/settings.js";
import { isBytes } from "../../arguments/typed-array.js";
import type { CacheOptions } from "../../io/page/cache-model.js";

/** A file of examples that a page has itself: its text, its bytes, or what a person picked. */
export type OwnData = string | Uint8Array | Blob;

/** What `cacheModel` takes, but for what each job says itself; and a page's own examples. */
export interface KeptSourcesOptions extends Pick<CacheOptions, "manifest" | "persist" | "hubUrl"> {
  /**
   * Files of examples by the names that `data`, `validation` and `test` of a spec have for them, such as
   * `{ "tickets.csv": file }`; names that are not here are addresses. The name's ending says how a file is read.
   */
  readonly data?: Readonly<Record<string, OwnData>> | undefined;
}

interface TakenOptions extends KeptSourcesOptions {
  readonly data?: Readonly<Record<string, Blob>> | undefined;
}

const ownData = check<OwnData>(
  "text, a Uint8Array or a Blob",
  (value: unknown) => typeof value === "string" || isBytes(value) || value instanceof Blob,
);

/** Options of `keptSources` as they are now, its files as Blobs, which are sent without a copy. Throws `ConfigError` for options that make no sense. */
export function takeKeptSources(options: KeptSourcesOptions): TakenOptions {
  checkOptions("keptSources", options, ["manifest", "persist", "hubUrl", "data"]);
  const { manifest, persist, hubUrl, data } = options;
  return Object.freeze({ manifest, persist, hubUrl, data: data === undefined ? undefined : takeData(data) });
}

function takeData(data: unknown): Readonly<Record<string, Blob>> {
  checkRecord("keptSources: data is files by name", data);
  const blobs = Object.entries(data).map(([name, given]) => {
    const file = ownData("keptSources", `data ${name}`, given);
    // A copy, and of memory that no thread shares: a Blob takes no other.
    return [name, new Blob([isBytes(file) ? file.slice() : file] as BlobPart[])] as const;
  });
  return Object.fromEntries(blobs);
}
