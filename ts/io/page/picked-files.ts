import { text } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isGgufName } from "../gguf/index.js";
import type { ModelOrigin } from "./cached-file.js";

/** A folder that was picked, or dropped: a `FileSystemDirectoryHandle`, of which this is used. */
export interface PickedFolder {
  /** "directory". */
  readonly kind: "directory";
  /** The folder's name. */
  readonly name: string;
  /** A file in it. */
  getFileHandle(name: string): Promise<{ getFile(): Promise<Blob> }>;
  /** A folder in it. */
  getDirectoryHandle(name: string): Promise<PickedFolder>;
}

/** A file of `<input type="file" webkitdirectory>`, of several that were picked, or of a drop. */
export interface PickedFile extends Blob {
  /** The file's name. */
  readonly name: string;
  /** Path from the picked folder, if any. */
  readonly webkitRelativePath?: string;
}

export const isPickedFolder = (given: object): given is PickedFolder =>
  (given as Partial<PickedFolder>).kind === "directory" &&
  typeof (given as Partial<PickedFolder>).getFileHandle === "function";

const blobFile = (blob: Blob): LocalFile => ({ size: blob.size, chunks: () => streamed(blob) });

/** A blob's bytes, piece by piece. */
export async function* streamed(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** The files of a picked folder, each looked up on request. */
export function folderOrigin(folder: PickedFolder): LocalOrigin {
  const called = text("cacheModel", "the picked folder's name", folder.name);
  const open = async (file: string) => {
    const names = file.split("/");
    const name = names.pop()!;
    try {
      let inner = folder;
      for (const step of names) inner = await inner.getDirectoryHandle(step);
      const blob: unknown = await (await inner.getFileHandle(name)).getFile();
      if (blob instanceof Blob) return blobFile(blob);
      throw new TypeError(`a File is expected, got ${excerpt(blob)}`);
    } catch (error) {
      const { name: problem } = Object(error) as Partial<DOMException>;
      if (problem === "NotFoundError" || problem === "TypeMismatchError") return null;
      throw new FormatError(`${clip(called)}/${clip(file)} cannot be read: ${clip(String(error))}`, { file });
    }
  };
  return { name: called, origin: "folder", gguf: null, open };
}

/** Files that were picked: those beside config.json count, in the folder nearest the top; without one a GGUF file. */
export function filesOrigin(given: Iterable<PickedFile>): LocalOrigin {
  const files = new Map<string, PickedFile>();
  for (const file of given) {
    if (!(file instanceof Blob) || typeof file.name !== "string")
      throw new ConfigError(`cacheModel: picked files are Files, got ${excerpt(file)}`, {
        op: "cacheModel",
        value: file,
      });
    files.set(file.webkitRelativePath || file.name, file);
  }
  const paths = [...files.keys()];
  const gguf = paths.some((path) => isConfig(path)) ? undefined : paths.find(isGgufName);
  // Of such a file the folder that it was picked with says nothing.
  const root = gguf === undefined ? rootOf(paths) : gguf.slice(0, gguf.lastIndexOf("/") + 1);
  const name = gguf?.slice(root.length) ?? (root.replace(/\/$/, "").split("/").pop() || "files");
  return {
    name,
    ...(gguf === undefined ? ({ origin: "folder", gguf: null } as const) : ({ origin: "file", gguf: name } as const)),
    async open(file) {
      const found = files.get(root + file);
      return found === undefined ? null : blobFile(found);
    },
  };
}

const isConfig = (path: string) => /(^|\/)config\.json$/.test(path);

/** The folder of the topmost config.json, with its slash; "" if there is none. */
export function rootOf(paths: Iterable<string>): string {
  const configs = [...paths].filter(isConfig);
  const depth = (path: string) => path.split("/").length;
  const [first = ""] = configs.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1));
  return first.replace(/config\.json$/, "");
}

/** A file on this machine. */
interface LocalFile {
  readonly size: number;
  /** Bytes, piece by piece. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Files that a person picked. */
export interface LocalOrigin {
  /** The model's name. */
  readonly name: string;
  readonly origin: ModelOrigin;
  /** The GGUF file that it is; null for a folder's layout. */
  readonly gguf: string | null;
  /** A file; null if there is none of that name. */
  open(file: string): Promise<LocalFile | null>;
}
