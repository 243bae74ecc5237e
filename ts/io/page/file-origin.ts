import { notExpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { isGgufName } from "../gguf/index.js";
import { knownModel, type PinnedFile } from "../known-models.js";
import type { ModelOrigin } from "./cached-file.js";
import { pageAddress } from "../address-source.js";
import {
  filesOrigin,
  folderOrigin,
  isPickedFolder,
  type LocalOrigin,
  type PickedFile,
  type PickedFolder,
} from "./picked-files.js";

/** Files at addresses. */
export interface RemoteOrigin {
  readonly name: string;
  readonly origin: ModelOrigin;
  /** Address of the folder. */
  readonly base: string;
  /** The GGUF file in it that is the model; null for a folder's layout. */
  readonly gguf: string | null;
  /** Expected hashes of its files, if known. */
  readonly pinned: readonly PinnedFile[];
}

/** Where a model is to be had: an address or a hub's name, a picked folder or its files, a zip archive or a GGUF file. */
export type ModelFiles = string | PickedFolder | Iterable<PickedFile> | Blob;

const HUB = "https://huggingface.co";

/**
 * The origin of a model's files. Throws `ConfigError` for invalid values, `FormatError` for a Blob that is neither a zip nor called .gguf.
 */
export async function takeOrigin(from: ModelFiles, hubUrl: string = HUB): Promise<LocalOrigin | RemoteOrigin> {
  if (typeof from === "string") return remoteOrigin(from, hubUrl);
  if (from instanceof Blob) {
    const { name } = from as Partial<File>;
    if (typeof name === "string" && isGgufName(name)) return filesOrigin([from as PickedFile]);
    const { zipOrigin } = await import("./zip-file.js");
    return zipOrigin(from, typeof name === "string" ? name : "model.zip");
  }
  if (typeof from === "object" && from !== null) {
    if (isPickedFolder(from)) return folderOrigin(from);
    if (typeof from[Symbol.iterator] === "function") return filesOrigin(from);
  }
  throw notExpected(
    "cacheModel",
    "an address, a hub's name, a picked folder or its files, or a zip or GGUF file as a Blob",
    from,
  );
}

const hubName = /^((?:[\w-][\w.-]*\/)?[\w-][\w.-]*)(?:@([\w-][\w.-]*(?:\/[\w-][\w.-]*)*))?$/;

/** Resolves an address as an import does: "/" or "." at its start leads from the page, and a bare name to the hub. */
function remoteOrigin(from: string, hubUrl: string): RemoteOrigin {
  if (/^(?:https?:|\/|\.\.?\/)/.test(from)) {
    const name = asUrl(from, pageAddress()).replace(/\/$/, "");
    const end = isGgufName(name) ? new URL(name).pathname.lastIndexOf("/") + new URL(name).origin.length : name.length;
    const gguf = name.slice(end + 1) || null;
    return { name, origin: "address", base: name.slice(0, end), gguf, pinned: [] };
  }
  const [, name, revision] = hubName.exec(from) ?? [];
  if (name === undefined)
    throw new ConfigError(
      `cacheModel: expected an address ("https://…", "/models/minilm", "./minilm") or a hub's name ("organisation/name", "organisation/name@revision"), got ${JSON.stringify(clip(from))}`,
      { op: "cacheModel", expected: "an address or a hub's name", value: from },
    );
  // Its hashes are of one revision; a caller may request another.
  const known = revision === undefined ? knownModel(name) : null;
  const repository = known?.repository ?? name;
  return {
    name: revision === undefined ? repository : `${repository}@${revision}`,
    origin: "hub",
    base: `${hubUrl.replace(/\/$/, "")}/${repository}/resolve/${encodeURIComponent(revision ?? "main")}`,
    gguf: null,
    pinned: known?.files ?? [],
  };
}

function asUrl(from: string, page: string | undefined): string {
  try {
    const { origin, pathname, search } = new URL(from, page);
    return `${origin}${pathname}${search}`;
  } catch (cause) {
    throw new ConfigError(
      `cacheModel: ${JSON.stringify(clip(from))} is no address`,
      { op: "cacheModel", expected: "an address", value: from },
      { cause },
    );
  }
}
