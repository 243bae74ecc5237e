/*
 * Files of test/golden, in Node and in the browser alike (vitest's server serves the project's folder there).
 * Paths are relative to test/golden: `await goldenBytes("adapters/manifest.json")`.
 */
const inNode = typeof process !== "undefined" && process.versions?.node !== undefined;

/** The bytes of a golden file. */
export async function goldenBytes(path: string): Promise<Uint8Array> {
  if (inNode) {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(new URL(`golden/${path}`, import.meta.url)));
  }
  const response = await fetch(`/test/golden/${path}`);
  if (!response.ok) throw new Error(`test/golden/${path}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A golden JSON file, parsed. */
export async function goldenJson<T>(path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await goldenBytes(path))) as T;
}
