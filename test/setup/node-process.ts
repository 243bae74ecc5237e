import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../scripts/setup/paths.mjs";

/** Flags that give this Node relaxed SIMD: later ones have it, and no longer know the flag. */
export const relaxedFlags =
  Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];

/**
 * Runs `program` in a Node process of its own and gives back what it hands to `tell`. It sees the names of the built
 * package, from `dist`, as `lowrank`, and `workers()`: how many worker threads there are.
 */
export async function inProcess<T>(
  program: string,
  { flags = [] as string[], dist = join(root, "dist") } = {},
): Promise<T> {
  const source = `
    import * as lowrank from ${JSON.stringify(join(dist, "node.js"))};
    const tell = (value) => console.log(JSON.stringify(value));
    const workers = () => process.report.getReport().workers.length;
    ${program}`;
  const options = { timeout: 110_000, maxBuffer: 2 ** 26 };
  const { stdout } = await promisify(execFile)("node", [...flags, "--input-type=module", "--eval", source], options);
  return JSON.parse(stdout) as T;
}

/** Hands `body` the folder of a copy of the built package, to damage; it is removed afterwards. */
export async function withCopy(body: (dist: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lowrank-"));
  try {
    const dist = join(folder, "dist");
    await cp(join(root, "dist"), dist, { recursive: true });
    await cp(join(root, "package.json"), join(folder, "package.json"));
    await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    await body(dist);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Replaces the contents of a file, or writes them elsewhere. */
export async function alter(
  file: string,
  change: (bytes: Uint8Array) => Uint8Array | string,
  to = file,
): Promise<void> {
  await writeFile(to, change(await readFile(file)));
}

/** A binary with one instruction in the place of another of as many bytes. */
export function replaceCode(binary: Uint8Array, from: readonly number[], to: readonly number[]): Uint8Array {
  const changed = binary.slice();
  let found = 0;
  for (let i = 0; i + from.length <= changed.length; i++) {
    if (!from.every((byte, j) => changed[i + j] === byte)) continue;
    changed.set(to, i);
    found++;
  }
  if (found === 0) throw new Error("this binary has no such instruction");
  return changed;
}
