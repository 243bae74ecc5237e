import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { entries, pages } from "../../site/pages.mjs";

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly workspaces: readonly string[];
}

const manifest = (folder: string) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
const packages = manifest(".").workspaces;

it("the site has the README of every package, and each file that it lists exists", () => {
  const files = pages.map(({ file }) => file);
  for (const folder of packages) if (folder !== ".") expect(files).toContain(`${folder}/README.md`);
  for (const file of [...files, ...Object.values(entries)]) expect(existsSync(join(root, file)), file).toBe(true);
});

it("the site has API pages for every public entry with types", () => {
  // The same names as the main entry, started by the package, or without a stable interface.
  const without = ["lowrank/inline", "lowrank/jobs/node", "lowrank/extension", "lowrank/extension/cli"];
  const typed = packages.flatMap((folder) => {
    const { name, exports } = manifest(folder);
    return Object.entries(exports)
      .filter(([, entry]) => JSON.stringify(entry).includes('"types"'))
      .map(([path]) => join(name, path));
  });
  expect(typed.length).toBeGreaterThan(8);
  expect(Object.keys(entries).sort()).toEqual(typed.filter((name) => !without.includes(name)).sort());
});
