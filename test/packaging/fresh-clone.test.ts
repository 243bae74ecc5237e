import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { parseAst } from "rollup/parseAst";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

type Names = Record<string, string>;

interface Manifest {
  readonly dependencies?: Names;
  readonly devDependencies?: Names;
  readonly optionalDependencies?: Names;
  readonly peerDependencies?: Names;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
const { scripts } = readJson("package.json") as { scripts: Names };

const lockfiles = execFileSync("git", ["ls-files", "package-lock.json", "*/package-lock.json"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n");

/** Whether a package at `place` of a lockfile finds `name`: in its own node_modules, or in those above it. */
function finds(packages: Record<string, Manifest>, place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    if (posix.join(folder, "node_modules", name) in packages) return true;
    if (folder === "") return false;
  }
}

/** Everything that packages of a lockfile name and that has no entry, which `npm ci` refuses: what is for other systems too. */
function missing(packages: Record<string, Manifest>): string[] {
  return Object.entries(packages).flatMap(([place, manifest]) => {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = manifest;
    const peers = Object.keys(peerDependencies ?? {}).filter((name) => !peerDependenciesMeta?.[name]?.optional);
    const named = Object.keys({
      ...dependencies,
      ...(!place.includes("node_modules") && devDependencies),
      ...optionalDependencies,
    });
    return [...named, ...peers].filter((name) => !finds(packages, place, name)).map((name) => `${place} needs ${name}`);
  });
}

it("there are lockfiles of the package, of the benchmark, of the site and of the other runtimes", () => {
  expect(lockfiles).toEqual(
    ["bench", "", "site", "test/runtimes/packages"].map((folder) => posix.join(folder, "package-lock.json")),
  );
});

describe.each(lockfiles)("%s", (path) => {
  const { packages } = readJson(path) as { packages: Record<string, Manifest> };

  it("has an entry for every package that it names", () => {
    expect(Object.keys(packages).length).toBeGreaterThan(10);
    expect(missing(packages)).toEqual([]);
  });

  it("was made for the package.json beside it", () => {
    const {
      dependencies,
      devDependencies,
      optionalDependencies,
      workspaces = [],
    } = readJson(join(dirname(path), "package.json"));
    const locked = packages[""]!;
    expect(locked.dependencies).toEqual(dependencies);
    expect(locked.devDependencies).toEqual(devDependencies);
    expect(locked.optionalDependencies).toEqual(optionalDependencies);
    for (const folder of workspaces) {
      const { dependencies, devDependencies, peerDependencies } = readJson(join(folder, "package.json"));
      const named = JSON.parse(JSON.stringify({ dependencies, devDependencies, peerDependencies }));
      expect(packages[folder === "." ? "" : folder]).toMatchObject(named);
    }
  });
});

it("files of the repository that scripts name are there", () => {
  const files = execFileSync("git", ["ls-files", "scripts", "bench"], { cwd: root, encoding: "utf8" }).match(
    /.+\.mjs$/gm,
  )!;
  const named = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/"((?:test|scripts|ts|examples|web)\/[\w./-]+\.\w+)"/g)].map(
      ([, name]) => `${file} → ${name}`,
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !existsSync(join(root, name.split(" → ")[1]!)))).toEqual([]);
});

/** What a script imports before its first line runs, and what that imports: each as "file → what is no file of the project". */
function packagesOf(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  const text = readFileSync(join(root, file), "utf8");
  // Parsed, since a script may write another one.
  const imports = parseAst(text).body.flatMap((node) =>
    "source" in node && node.source ? [String(node.source.value)] : [],
  );
  return imports.flatMap((name) => {
    if (name.startsWith("node:")) return [];
    return name.startsWith(".") ? packagesOf(posix.join(posix.dirname(file), name), seen) : [`${file} → ${name}`];
  });
}

describe.each(Object.entries(scripts))("npm run %s, where nothing is installed yet,", (_name, command) => {
  const [, file] = /^node ((?:scripts|bench)\/[\w-]+\.mjs)/.exec(command) ?? [];

  it("starts: its script imports no package", () => {
    expect(file, command).toBeDefined();
    expect(packagesOf(file!)).toEqual([]);
  });

  it("sets up what it needs, or leaves it to npm test", () => {
    const text = readFileSync(join(root, file!), "utf8");
    expect(text).toMatch(/await setUp\(|npm\("run", "build"\)|show\(npm, \["--silent", "test"/);
  });
});
