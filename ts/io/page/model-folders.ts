import { UnsupportedError } from "../../errors/errors.js";
import { providedFiles } from "../file-access.js";
import { type BlobFolders, memoryFolders } from "./blob-folder.js";
import { readCached, readParts } from "./cache-record.js";
import { storedBytes } from "./cached-file.js";
import { opfsFolders, opfsRefused } from "./opfs.js";
import { takeLock } from "./page-lock.js";

/** Where models lie. Another layout gets another name: one never reads what the other wrote. */
const AREA = "lowrank-models-1";

/** Where models are kept. */
export interface ModelFolders {
  readonly folders: BlobFolders;
  /** Why they go with the page; null where they stay. */
  readonly refused: string | null;
}

const inMemory = memoryFolders();

/** Throws `UnsupportedError` where the runtime has a file system, in which models are kept otherwise. */
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

/** What there is of a model. */
export interface FoundModel {
  readonly key: string;
  readonly name: string;
  readonly origin: string;
  readonly bytes: number;
  readonly complete: boolean;
}

/** What each folder holds, by name. */
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

/** Takes a folder's lock at once; null where another call or tab has it. Where there are none, nobody else has it. */
export const tryLock = async (key: string): Promise<(() => void) | null> =>
  (globalThis as Partial<typeof globalThis>).navigator?.locks === undefined ? () => undefined : takeLock(lockOf(key));
