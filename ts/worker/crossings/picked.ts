import type { Crossing } from "../protocol/scope.js";

interface SentFile {
  readonly file: unknown;
  /** Not every browser keeps it in copies of a file. */
  readonly path: unknown;
}

/** Files that a person picked, each with its path in the folder; other sources of models are sent as they are. */
export const picked: Crossing = {
  pack(value) {
    const isList = typeof value === "object" && value !== null && Symbol.iterator in value;
    if (!isList) return { other: value };
    const files: SentFile[] = [];
    for (const file of value as Iterable<unknown>) {
      files.push({ file, path: (Object(file) as Partial<File>).webkitRelativePath });
      // The first item that is not a file is refused there. A list may have billions of gaps.
      if (typeof file !== "object" || file === null) break;
    }
    return { files };
  },
  unpack(wire) {
    const { files, other } = wire as { readonly files?: readonly SentFile[]; readonly other?: unknown };
    return files === undefined ? other : files.map(withPath);
  },
};

function withPath({ file, path }: SentFile): unknown {
  if (typeof file !== "object" || file === null || typeof path !== "string" || path === "") return file;
  return Object.defineProperty(file, "webkitRelativePath", { value: path });
}
