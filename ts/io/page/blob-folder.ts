/** Blobs by name, in the Origin Private File System or in memory. */
export interface BlobFolder {
  /** A blob as it is now; null where there is none. */
  read(name: string): Promise<Blob | null>;
  /** Puts a blob's bytes, piece by piece, in place of what has the name; they last when the promise is fulfilled. */
  write(name: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Removes a blob, where there is one. */
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
  /** Removes a folder with all that is in it, where there is one. */
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
