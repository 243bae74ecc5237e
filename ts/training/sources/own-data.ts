import { check, checkRecord } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import { isBytes } from "../../arguments/typed-array.js";
import type { CacheOptions } from "../../io/page/cache-model.js";

/** A file of examples of the page: text, bytes, or a file from an input. */
export type OwnData = string | Uint8Array | Blob;

/** Options of `cacheModel` except those that each job sets, and the page's own files. */
export interface KeptSourcesOptions extends Pick<CacheOptions, "manifest" | "persist" | "hubUrl"> {
  /**
   * Files of examples by the names that `data`, `validation` and `test` of a spec have for them, such as `{ "tickets.csv": file }`; other
   * names are addresses. A name's ending determines the format.
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

/** A copy of the options of `keptSources`, files as Blobs, which are sent without a copy. Throws `ConfigError` for invalid options. */
export function takeKeptSources(options: KeptSourcesOptions): TakenOptions {
  checkOptions("keptSources", options, ["manifest", "persist", "hubUrl", "data"]);
  const { manifest, persist, hubUrl, data } = options;
  return Object.freeze({ manifest, persist, hubUrl, data: data === undefined ? undefined : takeData(data) });
}

function takeData(data: unknown): Readonly<Record<string, Blob>> {
  checkRecord("keptSources: data is files by name", data);
  const blobs = Object.entries(data).map(([name, given]) => {
    const file = ownData("keptSources", `data ${name}`, given);
    // A copy in unshared memory: a Blob accepts no shared memory.
    return [name, new Blob([isBytes(file) ? file.slice() : file] as BlobPart[])] as const;
  });
  return Object.fromEntries(blobs);
}
