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
