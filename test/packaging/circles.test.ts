import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Scripts of the package, and which of them each imports as it is loaded. */
const scripts = new Map(
  readdirSync(join(root, "dist"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => {
      const script = readFileSync(join(root, "dist", name), "utf8");
      return [name, [...script.matchAll(/(?:from|import)\s*"\.\/([\w-]+\.js)"/g)].map(([, imported]) => imported!)];
    }),
);

/** The way from a script back to itself by what is imported; null where there is none. */
function circle(name: string, way: readonly string[] = []): readonly string[] | null {
  const before = way.indexOf(name);
  if (before >= 0) return [...way.slice(before), name];
  for (const imported of scripts.get(name) ?? []) {
    const found = circle(imported, [...way, name]);
    if (found !== null) return found;
  }
  return null;
}

// Of two that wait for each other one runs first, and finds the other's constants not there yet. Which file a module goes to is the
// business of scripts/bundle/chunks.mjs, so that a new module may close a circle that no import of the sources has.
it("scripts import one another in no circle", () => {
  expect(scripts.get("shared-core.js")).toContain("shared-base.js");
  expect([...scripts.keys()].flatMap((name) => circle(name) ?? [])).toEqual([]);
});
