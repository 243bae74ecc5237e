import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Path of a file beside the script. As strings: what bundlers make of `new URL(…, import.meta.url)` is no URL that Node takes, and
 * in a bundle in CommonJS there is no address, but a folder.
 */
export function beside(file: string): string {
  return join(import.meta.url ? dirname(fileURLToPath(import.meta.url)) : __dirname, file);
}
