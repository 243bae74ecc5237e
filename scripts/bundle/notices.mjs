import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { root } from "../setup/paths.mjs";

const LICENCE = /^licen[cs]e(\.\w+)?$/i;
const BETWEEN = `\n${"-".repeat(80)}\n\n`;
export const NOTICES = "THIRD-PARTY-NOTICES.txt";

/** Folder of the package that a module is of; undefined for modules of ours. */
const packageOf = (id) => /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id.replace("\0", ""))?.[1];

/** A package without a licence file has one in `licences`. */
function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => LICENCE.test(entry));
  const kept = join(root, "scripts/bundle/licences", `${basename(name)}.txt`);
  if (file === undefined && !existsSync(kept)) throw new Error(`${name}: no licence file to pass on`);
  const text = readFileSync(file === undefined ? kept : join(folder, file), "utf8");
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/**
 * The notice of each package that the modules are of, by name: the package, its version and its licence.
 * @param {Iterable<string>} modules
 */
export function noticesOf(modules) {
  const folders = new Set([...modules].map(packageOf).filter((folder) => folder !== undefined && existsSync(folder)));
  const sorted = [...folders].sort((a, b) => a.split(sep).join("/").localeCompare(b.split(sep).join("/")));
  return sorted.map(notice);
}

/** @param {readonly string[]} notices */
export const joinedNotices = (notices) => notices.join(BETWEEN);

/** The notices of a file that `joinedNotices` made. @param {string} file */
export const separateNotices = (file) => file.split(BETWEEN);

/** Rollup plugin: the licences of the packages that stand in the bundles, as they ask to be passed on. */
export const notices = {
  name: "notices",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap(({ modules = {} }) => Object.keys(modules));
    this.emitFile({ type: "asset", fileName: NOTICES, source: joinedNotices(noticesOf(modules)) });
  },
};
