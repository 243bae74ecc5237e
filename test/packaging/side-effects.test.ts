import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

it("every file that sets something up as it loads is one that bundlers must keep, and no other is named", () => {
  const scripts = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".js"));
  const acts = /^(set[A-Z]\w+|provide[A-Z]\w+)\(/m;
  const acting = scripts.filter((name) => acts.test(readFileSync(join(root, "dist", name), "utf8")));
  expect(acting).toEqual(expect.arrayContaining(["browser.js", "inline.js", "shared-node.js", "workerd.js"]));
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { sideEffects: string[] };
  const kept = sideEffects.map((path) => path.replace("./dist/", ""));
  expect(acting.filter((name) => !kept.includes(name))).toEqual([]);
  expect(kept.filter((name) => !scripts.includes(name))).toEqual([]);
});
