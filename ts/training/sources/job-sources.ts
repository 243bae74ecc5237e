import { callable, object, text } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { type ByteSource, checkBytes } from "../../io/byte-source.js";
import { modelSource } from "../../io/model-locator.js";
import type { ModelSource } from "../../io/model-source.js";
import { inHuggingFaceLayout } from "../../models/gguf/index.js";
import { orAborted, untilAborted } from "../../waiting/abort.js";

export { decodeText as decode, LONGEST_TEXT } from "../../io/examples/index.js";

/** A file of examples. */
export interface DataFile {
  /** Name in messages and the report. */
  readonly name: string;
  /** Contents of the file. */
  readonly bytes: Uint8Array;
}

/** The base model of a job. */
export interface JobModel extends ModelSource {
  /** Where it was found: "folder", "cache", "hub", "address". */
  readonly origin: string;
  /** SHA-256 of a file in hexadecimal, null if the model has no such file; default: the file is read whole and hashed. */
  digest?(file: string, signal?: AbortSignal): Promise<string | null>;
}

/** Options of `findModel`. */
export interface FindModelOptions {
  /** Cancels the call, which then rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes of a file arrive. */
  readonly onDownload: (progress: { readonly file: string; readonly received: number; readonly total: number }) => void;
}

/** Options of `readData`. */
export interface ReadDataOptions {
  /** Cancels the call, which then rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

/** Finds models and files by the names in a job's spec, and describes the machine; each runtime has its own. */
export interface JobSources {
  /** The model behind `spec.model`. */
  findModel(name: string, options: FindModelOptions): Promise<JobModel>;
  /** The file behind `spec.data` or `spec.validation`. */
  readData(name: string, options?: ReadDataOptions): Promise<DataFile>;
  /** The machine in the report's `engine`: `{ node, platform, cpu }` in Node. Called before training. */
  machine(): Readonly<Record<string, string>>;
}

/** Addresses, and other names of models that the runtime's loader accepts. */
export const addresses: JobSources = {
  async findModel(name, { signal }) {
    const { open, name: called } = await modelSource(name, { signal });
    return { name: called, open, origin: "address" };
  },
  async readData(name, { signal = null } = {}) {
    const response = await fetch(name, { signal }).catch((cause: unknown) => {
      throw new ConfigError(`${clip(name)} could not be fetched: ${clip(String(cause))}`, { name }, { cause });
    });
    if (!response.ok) throw new ConfigError(`${clip(name)} answered ${response.status}`, { name });
    return { name, bytes: new Uint8Array(await response.arrayBuffer()) };
  },
  machine: () => ({ userAgent: globalThis.navigator?.userAgent ?? "unknown" }),
};

let provided = addresses;

/** Called once by the entry of a runtime with more than addresses: Node has files, a cache and the hub. */
export function provideJobSources(sources: JobSources): void {
  provided = sources;
}

/** The runtime's own sources. */
export const providedSources = (): JobSources => provided;

/**
 * The sources of a job: the caller's, otherwise the runtime's. Their results are checked; an aborted signal ends the wait for them. Throws
 * `ConfigError` for invalid sources.
 */
export function takeSources(what: string, given: JobSources = provided, signal?: AbortSignal): JobSources {
  object(what, "sources", given, "JobSources, { findModel, readData, machine }");
  for (const name of ["findModel", "readData", "machine"] as const) callable(what, `sources.${name}`, given[name]);
  return {
    async findModel(name, options) {
      const model = await orAborted(() => given.findModel(name, options), signal);
      object(what, "the result of sources.findModel", model, "a JobModel, { name, open, origin }");
      if (typeof model.name !== "string" || typeof model.origin !== "string")
        throw new ConfigError(`${what}: a JobModel has a name and an origin, got ${excerpt(model)}`, {
          op: what,
          option: "JobModel",
          expected: "a name and an origin",
          value: model,
        });
      callable(what, "JobModel.open", model.open);
      return heedful(model, signal);
    },
    async readData(name) {
      const file = await orAborted(() => given.readData(name, { signal }), signal);
      object(what, "the result of sources.readData", file, "a DataFile, { name, bytes }");
      checkBytes(`${what}: sources.readData(${excerpt(name)})`, file.bytes);
      return { name: text(what, "DataFile.name", file.name), bytes: file.bytes };
    },
    machine() {
      const { ...machine } = object(what, "the result of sources.machine", given.machine(), "an object of texts");
      for (const [name, value] of Object.entries(machine)) text(what, `sources.machine().${clip(name)}`, value);
      return machine;
    },
  };
}

/** A model for which an aborted signal ends the wait for files; a file opened later is closed. */
async function heedful(model: JobModel, signal: AbortSignal | undefined): Promise<JobModel> {
  const { name, open } = await inHuggingFaceLayout(await modelSource(model));
  const opened = async (file: string): Promise<ByteSource | null> => {
    const source = await orAborted(
      () => open(file),
      signal,
      (late) => late?.close?.(),
    );
    if (source === null) return null;
    return {
      size: source.size,
      read: (offset, length) => orAborted(() => source.read(offset, length), signal),
      async close() {
        const closing = (async () => source.close?.())();
        closing.catch(() => undefined);
        await untilAborted(closing, signal);
      },
    };
  };
  const found = { name, origin: model.origin, open: opened };
  if (typeof model.digest !== "function") return found;
  return { ...found, digest: (file) => orAborted(() => model.digest!(file, signal), signal) };
}
