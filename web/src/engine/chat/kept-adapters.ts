import { adapterKey, freeName } from "../../storage/adapter-names.js";
import { read, remove, write } from "../../storage/database.js";
import { registerPage } from "../../storage/page-values.js";
import type { SavedFiles } from "../stores.js";
import { storedValue } from "../stored-value.js";

/** An adapter that was trained here before the last training. Its files are stored by themselves. */
export interface KeptAdapter {
  readonly id: string;
  readonly name: string;
  /** Name of its model. */
  readonly model: string;
}

const stored = storedValue<{ readonly adapters: readonly KeptAdapter[] }>("chat-adapters", { adapters: [] });
export const { value: keptAdapters, find: findKeptAdapters } = stored;

/** Files that the browser could not store: they last as long as the page. */
const unstored = new Map<string, SavedFiles>();

/**
 * Keeps an adapter for this visit and the next ones. Its name gets a number if another one has it.
 * @param next the name of the adapter that is trained now
 */
export async function keepAdapter({ id, name, model }: KeptAdapter, files: SavedFiles, next: string): Promise<void> {
  await stored.find();
  const { adapters } = keptAdapters.value;
  if (adapters.some((other) => other.id === id)) return;
  const isTaken = (one: string) => one === next || adapters.some((other) => other.name === one);
  await write("project", adapterKey(id), files).catch(() => {
    unstored.set(id, files);
    registerPage(adapterKey(id), { get: () => unstored.get(id), show: () => void unstored.delete(id) });
  });
  stored.set({ adapters: [...adapters, { id, name: freeName(name, isTaken), model }] });
}

/** The files of a kept adapter; undefined if they are gone. */
export const filesOfKept = async (id: string): Promise<SavedFiles | undefined> =>
  unstored.get(id) ?? read<SavedFiles>("project", adapterKey(id));

export async function forgetKept(id: string): Promise<void> {
  unstored.delete(id);
  stored.set({ adapters: keptAdapters.value.adapters.filter((other) => other.id !== id) });
  await remove("project", adapterKey(id));
}
