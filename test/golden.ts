/*
 * Files of test/golden, in Node and in the browser alike.
 * Paths are relative to test/golden: `await goldenBytes("adapters/manifest.json")`.
 */
import { projectFile } from "./setup/files.js";

/** The bytes of a golden file. */
export function goldenBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return projectFile(`test/golden/${path}`);
}

/** A golden JSON file, parsed. */
export async function goldenJson<T>(path: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await goldenBytes(path))) as T;
}
