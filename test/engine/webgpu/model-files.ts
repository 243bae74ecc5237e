import type { Engine } from "../../../ts/index.js";

/** An engine on a GPU with what it counts. */
export type Counting = Engine & { readonly counts: Readonly<Record<string, number>> };

/** Files of a folder of the repository, in the page. */
export async function filesOf(folder: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
  const read = async (name: string) => new Uint8Array(await (await fetch(`${folder}/${name}`)).arrayBuffer());
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}
