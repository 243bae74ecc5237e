import { QuotaError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { throwIfAborted } from "../../waiting/abort.js";

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Bytes that this origin uses and may use; null if the browser does not say. */
async function room(): Promise<{ readonly used: number; readonly maximum: number } | null> {
  const { storage } = (globalThis as Partial<typeof globalThis>).navigator ?? {};
  if (typeof storage?.estimate !== "function") return null;
  const { usage, quota } = await storage.estimate().catch((): StorageEstimate => ({}));
  return usage === undefined || quota === undefined ? null : { used: usage, maximum: quota };
}

function quotaError(requested: number, found: Awaited<ReturnType<typeof room>>, cause?: unknown): QuotaError {
  const available = found && Math.max(0, found.maximum - found.used);
  const free = available === null ? "how many are free it does not say" : `${megabytes(available)} are free`;
  // Browsers report round numbers to hide a disk's size, so they may refuse less than this.
  const given = cause === undefined || available === null ? free : `and no more are given, though it says that ${free}`;
  return new QuotaError(
    `this browser's storage: ${megabytes(requested)} more are needed, ${given}; clearCache() frees what models take`,
    { requested, available, used: found?.used ?? null, maximum: found?.maximum ?? null },
    { cause },
  );
}

/** Throws `QuotaError` if the browser reports no space for this many more bytes. */
export async function checkRoom(bytes: number): Promise<void> {
  const found = await room();
  if (found !== null && bytes > found.maximum - found.used) throw quotaError(bytes, found);
}

/** Replaces the browser's quota error, or ours for fewer bytes, by a `QuotaError`; returns other errors unchanged. */
export async function asQuotaError(error: unknown, bytes: number): Promise<unknown> {
  const cause = error instanceof QuotaError ? error.cause : error;
  if ((cause as Partial<DOMException> | null | undefined)?.name !== "QuotaExceededError") return error;
  return quotaError(bytes, await room(), cause);
}

/**
 * Asks the browser, which may ask the user, not to evict stored data when space is short. Not awaited: a user may never answer. Workers
 * cannot ask; their page does.
 */
export function askToPersist(): void {
  const { storage } = (globalThis as { navigator?: { storage?: Partial<StorageManager> } }).navigator ?? {};
  void storage?.persist?.().catch(() => undefined);
}

/** The last in each queue, for runtimes without Web Locks, where nothing is shared with other tabs. */
const queues = new Map<string, Promise<unknown>>();

/** Runs `body` while no other call has the lock of that name, in this tab or another one of the same origin. */
export async function withLock<T>(name: string, signal: AbortSignal | undefined, body: () => Promise<T>): Promise<T> {
  throwIfAborted(signal);
  const { locks } = (globalThis as Partial<typeof globalThis>).navigator ?? {};
  try {
    if (locks !== undefined) return await locks.request(name, { ...(signal && { signal }) }, body);
    const turn = (queues.get(name) ?? Promise.resolve()).catch(() => undefined).then(body);
    queues.set(name, turn);
    return await turn;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

/** Takes the lock of that name until the returned function is called, or the page or worker ends; null if it is locked. Needs Web Locks. */
export function takeLock(name: string): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch(reject);
  });
}

/** Blobs by name, in the Origin Private File System or in memory. */
export interface BlobFolder {
  /** The current blob; null if there is none. */
  read(name: string): Promise<Blob | null>;
  /** Replaces a blob by these bytes, piece by piece; durable when the promise is fulfilled. */
  write(name: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Removes a blob, if it exists. */
  remove(name: string): Promise<void>;
  /** Names of those that are there. */
  names(): Promise<string[]>;
}

/** Folders by name, each made when it is first written to. */
export interface BlobFolders {
  /** The folder of that name, which need not be there yet. */
  folder(name: string): BlobFolder;
  /** Names of those that are there. */
  names(): Promise<string[]>;
  /** Removes a folder with its contents, if it exists. */
  remove(name: string): Promise<void>;
}

/** Folders that go with the page. */
export function memoryFolders(): BlobFolders {
  const folders = new Map<string, Map<string, Blob>>();
  const folder = (of: string): BlobFolder => ({
    read: async (name) => folders.get(of)?.get(name) ?? null,
    async write(name, pieces) {
      const blobs = folders.get(of) ?? new Map<string, Blob>();
      folders.set(of, blobs.set(name, new Blob([...pieces] as BlobPart[])));
    },
    remove: async (name) => void folders.get(of)?.delete(name),
    names: async () => [...(folders.get(of)?.keys() ?? [])],
  });
  return { folder, names: async () => [...folders.keys()], remove: async (name) => void folders.delete(name) };
}

/** Synchronous access in dedicated workers, instead of streams; the only one in Safari before 26. */
interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface FileHandle {
  getFile(): Promise<Blob>;
  createWritable?(): Promise<FileSystemWritableFileStream>;
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

/** Why this page or worker cannot store files in the Origin Private File System; null if it can. */
export async function opfsRefused(): Promise<string | null> {
  const { navigator, FileSystemFileHandle: handle } = globalThis as Partial<typeof globalThis>;
  if (typeof navigator?.storage?.getDirectory !== "function")
    return "this runtime has no Origin Private File System (pages have it under https and on localhost only)";
  if (navigator.locks === undefined) return "this runtime has no Web Locks, by which tabs take turns";
  const writes: object = handle?.prototype ?? {};
  if (!("createWritable" in writes) && !("createSyncAccessHandle" in writes))
    return "this browser writes to the Origin Private File System in dedicated workers only";
  try {
    const root = await navigator.storage.getDirectory();
    return "createWritable" in writes || (await withLock(PROBE, undefined, () => opensInPlace(root)))
      ? null
      : "this browser opens no file of its Origin Private File System for writing";
  } catch (error) {
    return `this browser gives no Origin Private File System here, as in private windows: ${clip(String(error))}`;
  }
}

/** How the names of files begin by which that is tried. Each is a new one: WebKit may take a file for one of its name that was removed. */
const PROBE = "lowrank-probe-";

/** Whether files can be written in place: WebKitGTK has the method, which refuses always. */
async function opensInPlace(root: FileSystemDirectoryHandle): Promise<boolean> {
  const name = PROBE + crypto.randomUUID();
  try {
    const file: FileHandle = await root.getFileHandle(name, { create: true });
    (await file.createSyncAccessHandle!()).close();
    return true;
  } catch (error) {
    // Other problems, such as a full disk, appear when writing.
    return (error as Partial<DOMException> | null)?.name !== "NotSupportedError";
  } finally {
    // Those of pages that were killed meanwhile too.
    for (const name of await keysOf(root))
      if (name.startsWith(PROBE)) await root.removeEntry(name).catch(() => undefined);
  }
}

const isMissing = (error: unknown) => (error as Partial<DOMException> | null)?.name === "NotFoundError";

/** The result of a request; null if nothing has that name. */
async function ifThere<T>(found: Promise<T>): Promise<T | null> {
  return found.catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}

/** The folders in a folder of the Origin Private File System, for a runtime in which `opfsRefused` is null. */
export function opfsFolders(area: string): BlobFolders {
  const top = async (create: boolean) => {
    const root = await navigator.storage.getDirectory();
    return create ? root.getDirectoryHandle(area, { create }) : ifThere(root.getDirectoryHandle(area));
  };
  return {
    folder: (name) => opfsFolder(async (create) => (await top(create))?.getDirectoryHandle(name, { create }) ?? null),
    names: async () => keysOf(await top(false)),
    async remove(name) {
      const parent = await top(false);
      if (parent !== null) await ifThere(parent.removeEntry(name, { recursive: true }));
    },
  };
}

async function keysOf(directory: FileSystemDirectoryHandle | null): Promise<string[]> {
  const names: string[] = [];
  if (directory !== null) for await (const name of directory.keys()) names.push(name);
  return names;
}

function opfsFolder(open: (create: boolean) => Promise<FileSystemDirectoryHandle | null>): BlobFolder {
  const existing = () => ifThere(open(false));
  return {
    async read(name) {
      const file = await ifThere((await existing())?.getFileHandle(name) ?? Promise.resolve(null));
      return file === null ? null : ifThere(file.getFile());
    },
    async write(name, pieces) {
      try {
        // A full storage may refuse the folder already.
        const directory = (await open(true))!;
        await writeFile(await directory.getFileHandle(name, { create: true }), pieces);
      } catch (error) {
        throw await asQuotaError(error, sizeOf(pieces));
      }
    },
    remove: async (name) => void (await ifThere((await existing())?.removeEntry(name) ?? Promise.resolve(null))),
    names: async () => keysOf(await existing()),
  };
}

const sizeOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);

async function writeFile(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  if (file.createWritable === undefined) return writeInPlace(await file.createSyncAccessHandle!(), pieces);
  const stream = await file.createWritable();
  try {
    for (const piece of pieces) await stream.write(piece as Uint8Array<ArrayBuffer>);
  } catch (error) {
    await stream.abort().catch(() => undefined);
    throw error;
  }
  await stream.close();
}

function writeInPlace(handle: SyncAccessHandle, pieces: readonly Uint8Array[]): void {
  try {
    handle.truncate(0);
    let at = 0;
    for (const piece of pieces) {
      for (let done = 0; done < piece.length;) {
        const written = handle.write(piece.subarray(done), { at: at + done });
        if (written === 0) throw new DOMException("nothing more could be written", "QuotaExceededError");
        done += written;
      }
      at += piece.length;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}
