import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder, fetchModel, resolveModel, writeFilesAtomically } from "../../../../ts/entry/node.js";
import { temporaryFolder } from "../../../io/temporary-folder.js";
import type { Call } from "../refusals.js";

/** Folders that calls read and write. */
export interface FolderScene {
  /** Where a model called "lab/tiny" is kept. */
  readonly cache: string;
  readonly out: string;
}

export async function makeFolders(): Promise<FolderScene> {
  const folder = await temporaryFolder();
  const [cache, out] = [join(folder, "cache"), join(folder, "out")];
  await mkdir(join(cache, "lab--tiny"), { recursive: true });
  for (const file of ["config.json", "tokenizer.json", "model.safetensors"]) {
    await writeFile(join(cache, "lab--tiny", file), "{}");
  }
  return { cache, out };
}

/** No server stands there, and nothing is asked: offline, or found before. */
const hubUrl = "http://127.0.0.1:1";

const options = (cache: string) => ({
  offline: true,
  hubUrl,
  cache,
  onProgress: () => undefined,
  signal: new AbortController().signal,
});

/** What Node's entry has beside the others'. */
export const nodeCalls = {
  cacheFolder: [
    { args: () => [{ LOWRANK_CACHE: "a", XDG_CACHE_HOME: "b" }], run: (_, environment) => cacheFolder(environment) },
  ],
  fetchModel: [
    { args: ({ cache }) => ["lab/tiny", options(cache)], run: (_, ...args) => fetchModel(...(args as [never, never])) },
  ],
  resolveModel: [
    {
      args: ({ cache }) => ["lab/tiny", options(cache)],
      run: (_, ...args) => resolveModel(...(args as [never, never])),
    },
  ],
  writeFilesAtomically: [
    {
      args: ({ out }) => [out, { a: new Uint8Array(2), b: new Uint8Array(1) }],
      run: async ({ out }, directory, files) => {
        // What is a path of a file is right; none is made beside the tests.
        if (typeof directory === "string" && directory !== "" && directory !== out) return;
        await writeFilesAtomically(directory, files);
      },
    },
  ],
} satisfies Record<string, Call<FolderScene>[]>;
