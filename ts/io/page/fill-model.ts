import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { isGgufName } from "../gguf/index.js";
import { parseJsonObject } from "../json.js";
import type { PinnedFile } from "../known-models.js";
import { mostBytes, optionalFiles, requiredFiles } from "../model-files.js";
import { readWeightMap, WEIGHTS, WEIGHTS_INDEX } from "../safetensors/index.js";
import type { Watcher } from "../watched-source.js";
import type { BlobFolder } from "./blob-folders.js";
import { receive, startDownload } from "./download.js";
import type { RemoteOrigin } from "./file-origin.js";
import { FileWriter, newNames, storedBytes, storedSource } from "./cached-file.js";
import { type KeptFile, type CacheRecord, type PartFile, readParts, sweep, writeParts } from "./cache-record.js";
import type { LocalOrigin } from "./picked-files.js";
import { checkRoom } from "./storage.js";

type From = LocalOrigin | RemoteOrigin;

/** Gets one file; null if there is none of that name. */
type Bring = (file: string, needed: boolean) => Promise<KeptFile | null>;

/**
 * Writes a model's files into a folder, beside the current ones, which stay valid until the new record replaces theirs. Bytes from before
 * an interruption are reused.
 *
 * @param pinned expected hashes of its files; empty if unknown
 */
export async function fillModel(
  from: From,
  folder: BlobFolder,
  pinned: readonly PinnedFile[],
  watcher: Watcher,
): Promise<CacheRecord> {
  const { name, origin } = from;
  const bring = "base" in from ? await downloads(from, folder, pinned, watcher) : await copies(from, folder, watcher);
  const files: KeptFile[] = [];
  const take = async (file: string, needed: boolean) => {
    throwIfAborted(watcher.signal);
    const found = await bring(file, needed);
    if (found === null) return false;
    await checkPinned(from, found, pinned, folder);
    files.push(found);
    return true;
  };
  const need = async (file: string) => {
    if (!(await take(file, true)))
      throw new ModelError(`model ${clip(name)} has no ${clip(file)}`, { model: name, file });
  };
  if (pinned.length > 0) for (const file of pinned) await need(file.name);
  else if (from.gguf !== null) await need(from.gguf);
  else {
    for (const file of requiredFiles) if (file !== WEIGHTS) await need(file);
    for (const file of optionalFiles) await take(file, false);
    // Last, so that nothing large is fetched for a folder that is no model.
    if (!(await take(WEIGHTS, false))) {
      if (!(await take(WEIGHTS_INDEX, false))) await need(WEIGHTS);
      const index = storedSource(folder, files.at(-1)!, name);
      const fail = (problem: string, cause?: unknown) =>
        new ModelError(`model ${clip(name)}: ${WEIGHTS_INDEX}: ${problem}`, { model: name }, { cause });
      const map = readWeightMap(parseJsonObject(await index.read(0, index.size), fail), fail);
      for (const file of map.files) await need(file);
    }
  }
  return { name, origin, files };
}

/** Throws `ModelError`, and removes the file, if it differs from the pinned one. */
async function checkPinned(
  from: From,
  got: KeptFile,
  pinned: readonly PinnedFile[],
  folder: BlobFolder,
): Promise<void> {
  const expected = pinned.find(({ name }) => name === got.name);
  const bytes = storedBytes(got);
  if (expected === undefined || (expected.sha256 === got.sha256 && expected.bytes === bytes)) return;
  for (const { blob } of got.segments) await folder.remove(blob);
  const parts = await readParts(folder);
  if (parts !== null)
    await writeParts(folder, { ...parts, files: parts.files.filter(({ name }) => name !== got.name) });
  const { name: model } = from;
  throw new ModelError(
    `model ${clip(model)}: ${clip(got.name)}: expected ${expected.bytes} bytes of SHA-256 ${expected.sha256}, got ${bytes} of ` +
      `${got.sha256}: it is damaged or another version; what came was removed`,
    { model, file: got.name, sha256: expected.sha256, got: got.sha256 },
  );
}

/** Files from addresses. The durable part of a tensor file is recorded as it grows; others are small and downloaded again. */
async function downloads(
  { name, origin, base }: RemoteOrigin,
  folder: BlobFolder,
  pinned: readonly PinnedFile[],
  { signal, onProgress }: Watcher,
): Promise<Bring> {
  const before = await readParts(folder);
  await sweep(folder, before);
  // It identifies the model for concurrent calls that list or remove models.
  await writeParts(folder, { name, origin, files: before?.files ?? [] });
  const parts = new Map((before?.files ?? []).map((part) => [part.url, part]));
  const missing = pinned.reduce((sum, { bytes }) => sum + bytes, 0);
  await checkRoom(missing - [...parts.values()].reduce((sum, part) => sum + storedBytes(part), 0));
  const newName = newNames();
  return async (file, needed) => {
    const url = `${base}/${file}`;
    const fail = (problem: string, cause?: unknown) =>
      new ModelError(`model ${clip(name)}: ${clip(url)} ${problem}`, { url }, { cause });
    const note = (part: PartFile | null) => async (segments: PartFile["segments"]) => {
      if (part === null) return;
      // More than the whole has was compressed on the way, and nothing can be gone on with.
      if (storedBytes({ ...part, segments }) > part.total) parts.delete(url);
      else parts.set(url, { ...part, segments });
      await writeParts(folder, { name, origin, files: [...parts.values()] });
    };
    const known = parts.get(url) ?? null;
    const resumed = known && new FileWriter(folder, newName, note(known));
    const part = (await resumed?.resume(known!.segments)) ? known : null;
    const download = await startDownload(url, part, resumed?.safe ?? 0, { needed, signal }, fail);
    if (download === null) return null;
    const { validator, total, from } = download;
    if (from === 0 && known !== null) {
      parts.delete(url);
      for (const { blob } of known.segments) await folder.remove(blob);
    }
    const large = (file.endsWith(".safetensors") || isGgufName(file)) && validator !== null && total !== null;
    const begun: PartFile | null = large ? { name: file, url, validator, total, segments: [] } : null;
    const writer = from > 0 ? resumed! : new FileWriter(folder, newName, note(begun));
    const expected = pinned.find(({ name }) => name === file)?.bytes;
    const most = expected ?? mostBytes(file);
    const size = total ?? expected ?? 0;
    const tell = (done: number) => {
      // An unknown size stays unknown until bytes arrive.
      if (done > 0 || size > 0) onProgress?.({ file, done, total: Math.max(size, done) });
    };
    await receive(download, most, writer, signal, tell, fail);
    return { name: file, segments: writer.segments, sha256: writer.sha256() };
  };
}

/** Files that were picked, copied. */
async function copies(from: LocalOrigin, folder: BlobFolder, { signal, onProgress }: Watcher): Promise<Bring> {
  await sweep(folder);
  await writeParts(folder, { name: from.name, origin: from.origin, files: [] });
  const newName = newNames();
  return async (file) => {
    const found = await from.open(file);
    if (found === null) return null;
    const { size: total } = found;
    await checkRoom(total);
    const writer = new FileWriter(folder, newName);
    onProgress?.({ file, done: 0, total });
    for await (const chunk of found.chunks()) {
      throwIfAborted(signal);
      await writer.write(chunk);
      onProgress?.({ file, done: writer.bytes, total });
    }
    await writer.flush();
    return { name: file, segments: writer.segments, sha256: writer.sha256() };
  };
}
