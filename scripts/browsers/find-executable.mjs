import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Path of a program on PATH, or null. */
export function findExecutable(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return folders.map((folder) => join(folder, file)).find(isExecutable) ?? null;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
