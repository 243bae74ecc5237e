import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../setup/paths.mjs";
import { model } from "./model.mjs";

/** Outside the repository, so that no project finds a package or a setting of ours above itself. */
const cache =
  process.env.LOWRANK_CONSUMERS || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lowrank-consumers");
export const consumers = join(root, "test/consumers");

/** Every consumer. */
export const names = () =>
  readdirSync(consumers)
    .filter((name) => name !== "shared")
    .sort();

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The manifest of a consumer: its title, the packages that it installs, what else its package.json says (`package`), whose files it has beside its own (`like`), folders of test/golden (`golden`), what is run, and what must come of it. */
export const manifestOf = (name) => ({ packages: {}, ...readJson(join(consumers, name, "consumer.json")) });

/** Packs the package into `folder` and gives the tarball's path. */
export function pack(folder) {
  const options = ["--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ filename }] = JSON.parse(npm(["pack", ...options], root));
  return join(folder, filename);
}

// By the shell, since on Windows npm is a script; no argument has a space.
const npm = (args, cwd) =>
  execFileSync("npm", args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });

/** The versions that the repository itself has installed. */
const ours = (name) => {
  const file = join(root, "node_modules", name, "package.json");
  return existsSync(file) ? readJson(file).version : undefined;
};

/** Whether a project needs nothing but what the repository has: it then runs without a network. */
export const isLinked = (name) =>
  Object.entries(manifestOf(name).packages).every(([dependency, version]) => ours(dependency) === version);

/**
 * A folder with the consumer's files, the packed package and the packages that both name: installed once and kept, or links to
 * ours where those are the same.
 */
export function prepare(name, tarball) {
  const { packages, package: settings, examples = {}, golden = [], like = name } = manifestOf(name);
  const linked = isLinked(name);
  const folder = linked ? mkdtempSync(join(tmpdir(), `lowrank-${name}-`)) : join(cache, name);
  const unpacked = mkdtempSync(join(tmpdir(), "lowrank-packed-"));
  try {
    execFileSync("tar", ["-xzf", tarball, "-C", unpacked, "--strip-components=1"]);
    const dependencies = { ...readJson(join(unpacked, "package.json")).dependencies, ...packages };
    const wanted = JSON.stringify({ name, private: true, type: "module", dependencies, ...settings }, null, 2);
    if (linked) for (const dependency of Object.keys(dependencies)) link(folder, dependency);
    else install(folder, wanted);
    clear(folder);
    writeFileSync(join(folder, "package.json"), wanted);
    cpSync(unpacked, join(folder, "node_modules/lowrank"), { recursive: true });
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
  cpSync(join(consumers, "shared"), folder, { recursive: true });
  for (const files of [like, name]) cpSync(join(consumers, files), folder, { recursive: true });
  for (const files of golden) cpSync(join(root, "test/golden", files), join(folder, files), { recursive: true });
  for (const [file, example] of Object.entries(examples)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), documented(example));
  }
  cpSync(tarball, join(folder, "lowrank.tgz"));
  writeFileSync(join(folder, "model.js"), model());
  return { folder, dispose: () => linked && rmSync(folder, { recursive: true, force: true }) };
}

/** The code of the block that docs/bundlers.md or docs/serving.md has under `<!-- example: name -->`. */
function documented(name) {
  const text = ["bundlers", "serving"].map((page) => readFileSync(join(root, `docs/${page}.md`), "utf8")).join("\n");
  const block = new RegExp(`<!-- example: ${name} -->\\n\`\`\`\\w+\\n([^]*?)\`\`\`\\n`).exec(text);
  if (block === null) throw new Error(`docs/bundlers.md and docs/serving.md have no example "${name}"`);
  return block[1];
}

function link(folder, dependency) {
  const place = join(folder, "node_modules", dependency);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(root, "node_modules", dependency), place, "junction");
}

/** What stands in `wanted`, unless that is what was installed the last time. */
function install(folder, wanted) {
  const stamp = join(folder, "node_modules/.installed-for");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), wanted);
  npm(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"], folder);
  writeFileSync(stamp, wanted);
}

/** Everything of an earlier run but what was installed. */
function clear(folder) {
  const keep = new Set(["node_modules"]);
  for (const entry of readdirSync(folder)) if (!keep.has(entry)) rmSync(join(folder, entry), { recursive: true });
  for (const left of ["lowrank", ".vite", ".cache"])
    rmSync(join(folder, "node_modules", left), { recursive: true, force: true });
}
