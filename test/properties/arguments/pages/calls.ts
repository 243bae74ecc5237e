import { clearCache, cacheModel, cachedModel, cachedModels } from "../../../../ts/index.js";
import type { Call } from "../refusals.js";

/** A file of a folder, as pages get it. */
const file = (name: string, text: string) =>
  Object.assign(new Blob([text]), { name, webkitRelativePath: `tiny/${name}` });
const files = () => [file("config.json", "{}"), file("tokenizer.json", "{}"), file("model.safetensors", "none")];

const options = () => ({
  name: "tiny",
  manifest: undefined,
  persist: false,
  hubUrl: "http://127.0.0.1:9",
  signal: new AbortController().signal,
  onProgress: () => undefined,
});

/** SHA-256 of "{}". */
const pinned = () => [
  { name: "config.json", bytes: 2, sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" },
];

/** A folder that has every file, of two bytes. */
const folder = () => ({
  kind: "directory",
  name: "picked",
  getFileHandle: async () => ({ getFile: async () => new Blob(["{}"]) }),
  getDirectoryHandle: async () => folder(),
});

/** Calls of what a page keeps. */
export const pageCalls = {
  cacheModel: [
    {
      args: () => [files(), options()],
      run: (_, ...args) => cacheModel(...(args as Parameters<typeof cacheModel>)),
    },
    {
      args: () => [pinned()],
      run: (_, manifest) => cacheModel([file("config.json", "{}")] as never, { manifest }),
    },
    { args: () => [folder()], run: (_, given) => cacheModel(given) },
  ],
  cachedModels: [{ args: () => [], run: () => cachedModels() }],
  cachedModel: [{ args: () => ["tiny"], run: (_, name) => cachedModel(name) }],
  clearCache: [{ args: () => [{ name: "tiny" }], run: (_, given) => clearCache(given) }],
} satisfies Record<string, Call[]>;
