import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

type Imports = ReadonlyMap<string, readonly string[]>;

/** The first way from a file back to itself by what is imported; empty if there is none. */
function circle(imports: Imports): readonly string[] {
  const done = new Set<string>();
  const from = (name: string, way: readonly string[]): readonly string[] => {
    const before = way.indexOf(name);
    if (before >= 0) return [...way.slice(before), name];
    if (done.has(name)) return [];
    for (const imported of imports.get(name) ?? []) {
      const found = from(imported, [...way, name]);
      if (found.length > 0) return found;
    }
    done.add(name);
    return [];
  };
  for (const name of imports.keys()) {
    const found = from(name, []);
    if (found.length > 0) return found;
  }
  return [];
}

/** A folder's sources, by the names under which others import them, and what each imports: types and `import()` too. */
function sources(folder: string): [name: string, imported: string[]][] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name));
  return files.map(({ parentPath, name }) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(parentPath, name), "utf8"), true, false);
    const relative = importedFiles.filter(({ fileName }) => fileName.startsWith("."));
    return [join(parentPath, name.replace(/tsx?$/, "js")), relative.map(({ fileName }) => join(parentPath, fileName))];
  });
}

it("a circle is found, and told file by file", () => {
  const imports = new Map([
    ["a", ["b", "c"]],
    ["b", ["d"]],
    ["c", ["e"]],
    ["d", []],
    ["e", ["c", "d"]],
  ]);
  expect(circle(imports)).toEqual(["c", "e", "c"]);
  expect(circle(imports.set("e", ["d"]))).toEqual([]);
});

// A file can then be read, tested and moved with what lies below it alone. A type that two files share is in one of its own.
it("sources import one another in no circle, types included", () => {
  const packages = readdirSync(join(root, "packages"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = ["ts", "web/src", "web/standalone", ...packages.map(({ name }) => `packages/${name}/src`)];
  const imports: Imports = new Map(folders.flatMap(sources));
  expect(imports.get(join(root, "ts/index.js"))).toContain(join(root, "ts/graph/graph.js"));
  expect(imports.size).toBeGreaterThan(500);
  expect(circle(imports)).toEqual([]);
});

// Of two that wait for each other one runs first, and finds the other's constants not there yet. Rollup decides which script a module goes to.
it("scripts import one another in no circle", () => {
  const scripts: Imports = new Map(
    readdirSync(join(root, "dist"))
      .filter((name) => name.endsWith(".js"))
      .map((name) => {
        const script = readFileSync(join(root, "dist", name), "utf8");
        return [name, [...script.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)].map(([, imported]) => imported!)];
      }),
  );
  expect(scripts.get("browser.js")!.length).toBeGreaterThan(5);
  expect(circle(scripts)).toEqual([]);
});
