import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Folders of test/ that mirror no folder of ts/, since they test several of them, or what is built of them. */
const others = [
  "browsers",
  "consumers",
  "docs",
  "packaging",
  "pages",
  "runtimes",
  "studio",
  // Promises of the whole package, reference values, and how a test finds its engine and its files.
  "properties",
  "golden",
  "setup",
  // Clients of other projects, which ask the server.
  "serve/openai/clients",
  // The table of ops that every test of ops reads.
  "ops/gradients",
  "ops/rows",
  "ops/special-values",
];

const within = (path: string) => others.some((folder) => path === folder || path.startsWith(`${folder}/`));

function paths(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const relative = (folder: string) => paths(folder).map((path) => path.slice(join(root, folder).length + 1));
const sources = relative("ts").filter((path) => path.endsWith(".ts"));
const tests = relative("test").filter((path) => !within(path));

it("every folder of test/ is one of ts/, or one of the others, which are all there", () => {
  expect(tests.length).toBeGreaterThan(200);
  const folders = [...new Set(tests.map(dirname))];
  // By their files: a folder that is empty here is none in a clone.
  expect(folders.filter((folder) => folder !== "." && !sources.some((path) => path.startsWith(`${folder}/`)))).toEqual(
    [],
  );
  expect(others.filter((folder) => !existsSync(join(root, "test", folder)))).toEqual([]);
});

it("a test that has a source's name lies where that source does", () => {
  const places = new Map<string, string[]>();
  for (const path of sources) {
    const name = basename(path, ".ts");
    places.set(name, [...(places.get(name) ?? []), dirname(path)]);
  }
  const misplaced = tests.flatMap((path) => {
    const expected = places.get(basename(path).replace(/(\.node)?\.test\.ts$/, ""));
    return expected === undefined || expected.includes(dirname(path)) ? [] : [{ path, expected }];
  });
  expect(misplaced).toEqual([]);
});
