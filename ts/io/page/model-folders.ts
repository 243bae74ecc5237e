import { UnsupportedError } from "../../errors/errors.js";
import { providedFiles } from "../file-access.js";
import { type BlobFolders, memoryFolders, opfsFolders, opfsRefused } from "./blob-folders.js";
import { readCached, readParts } from "./cache-record.js";
import { storedBytes } from "./cached-file.js";
import { takeLock } from "./storage.js";

/** Folder of all models. Another layout will get another name, so that versions do not read each other's files. */
const AREA = "lowrank-models-1";

/** Where models are kept. */
export interface ModelFolders {
  readonly folders: BlobFolders;
  /** Why they are lost with the page; null if they are kept. */
  readonly refused: string | null;
}

const inMemory = memoryFolders();

/** Throws `UnsupportedError` in runtimes with a file system, which have another cache. */
export async function modelFolders(what: string): Promise<ModelFolders> {
  if (providedFiles() !== null)
    throw new UnsupportedError(
      `${what} is for pages and their workers; where there is a file system, resolveModel and fetchModel keep models in a folder`,
      { op: what, missing: "Origin Private File System" },
    );
  const refused = await opfsRefused();
  return { folders: refused === null ? opfsFolders(AREA) : inMemory, refused };
}

/** The lock that goes with a model's folder. */
export const lockOf = (key: string) => `${AREA}/${key}`;

/** The stored state of a model. */
export interface FoundModel {
  readonly key: string;
  readonly name: string;
  readonly origin: string;
  readonly bytes: number;
  readonly complete: boolean;
}

/** The state of each folder, by name. */
export async function foundModels({ folders }: ModelFolders): Promise<FoundModel[]> {
  const found: FoundModel[] = [];
  for (const key of await folders.names()) {
    const folder = folders.folder(key);
    const kept = await readCached(folder);
    const record = kept ?? (await readParts(folder));
    const { name = "unknown", origin = "unknown", files = [] } = record ?? {};
    const bytes = files.reduce((sum, file) => sum + storedBytes(file), 0);
    found.push({ key, name, origin, bytes, complete: kept !== null });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Locks a folder without waiting; null if another call or tab has it. Without Web Locks it always succeeds. */
export const tryLock = async (key: string): Promise<(() => void) | null> =>
  (globalThis as Partial<typeof globalThis>).navigator?.locks === undefined ? () => undefined : takeLock(lockOf(key));
