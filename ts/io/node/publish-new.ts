import { link, open, rename, rm } from "node:fs/promises";

/** Gives a file its name if the name is free; a rename would replace an existing file. */
export async function publishNew(part: string, path: string): Promise<void> {
  await link(part, path).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    await renameNew(part, path);
  });
}

/**
 * Publishes a file in file systems without hard links: an empty file takes the name, which the rename then replaces.
 * @internal exported for its tests
 */
export async function renameNew(part: string, path: string): Promise<void> {
  await (await open(path, "wx")).close();
  await rename(part, path).catch(async (error: unknown) => {
    await rm(path, { force: true });
    throw error;
  });
}
