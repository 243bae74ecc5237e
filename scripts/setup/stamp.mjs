import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root, stampFolder } from "./paths.mjs";

/** Hash of the contents of files and folders (paths from the project's root); what is missing counts as empty. */
export function hashOf(...paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesBelow)) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest("hex");
}

function filesBelow(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  const entries = readdirSync(full, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** Whether the work called `name` was finished for exactly these inputs. */
export function isFresh(name, hash) {
  const file = join(stampFolder, name);
  return existsSync(file) && readFileSync(file, "utf8") === hash;
}

export function setStamp(name, hash) {
  writeAtomically(join(stampFolder, name), hash);
}

export function clearStamp(name) {
  rmSync(join(stampFolder, name), { force: true });
}

/** Never leaves half a file, however it is interrupted. */
export function writeAtomically(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}
