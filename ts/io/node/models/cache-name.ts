import { createHash } from "node:crypto";

/** Longest readable part of a folder's name. */
const READABLE = 80;

/** Names that Windows reserves for devices, with any extension. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Parts that can be joined by "--" and split again, and that no file system confuses. */
const isPlain = (part: string) => /^[a-z0-9_.]+(?:-[a-z0-9_.]+)*$/.test(part) && !/^\.|\.$/.test(part);

/**
 * Name of a model's folder in the cache: "organisation--name@revision" where that is like no other model's on any file
 * system; else, such as where letters are capital or the name has "--" in it, with a hash of the whole behind it.
 */
export function cacheName(repository: string, revision: string | undefined): string {
  const name = revision === undefined ? repository : `${repository}@${revision}`;
  const readable = name.replaceAll("/", "--");
  const plain = name.split(/[/@]/).every(isPlain) && readable.length <= READABLE && !device.test(readable);
  if (plain) return readable;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 32);
  return `${device.test(readable) ? "model-" : ""}${readable.slice(0, READABLE)}~${hash}`;
}
