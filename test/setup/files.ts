/** Folders of the vitest server, filled in by vitest.config.ts: file system paths in Node, URL paths in a browser. */
declare const __PROJECT__: string;
declare const __MODELS__: string;

/** Where the runtime finds a file of the project; `path` starts at the project's root. */
export function projectPath(path: string): string {
  return `${__PROJECT__}/${path}`;
}

/** Bytes of a file of the project. */
export function projectFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return read(projectPath(path));
}

/** Where the runtime finds a file of the model cache. */
export function modelPath(path: string): string {
  return `${__MODELS__}/${path}`;
}

/** Bytes of a file of the model cache, as `all-MiniLM-L6-v2/config.json`. */
export function modelFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return read(modelPath(path));
}

async function read(place: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof window === "undefined") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(place));
  }
  const response = await fetch(place);
  if (!response.ok) throw new Error(`${place}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
