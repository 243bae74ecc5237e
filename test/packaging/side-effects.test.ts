import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAst } from "rollup/parseAst";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

/** Names of the functions that a script calls as it loads. */
function called(script: string): string[] {
  return parseAst(script).body.flatMap((statement) => {
    if (statement.type !== "ExpressionStatement") return [];
    const { expression } = statement;
    const all = expression.type === "SequenceExpression" ? expression.expressions : [expression];
    return all.flatMap((one) =>
      one.type === "CallExpression" && one.callee.type === "Identifier" ? [one.callee.name] : [],
    );
  });
}

it("every file that sets something up as it loads is one that bundlers must keep, and no other is named", () => {
  const scripts = readdirSync(join(root, "dist")).filter((name) => name.endsWith(".js"));
  const acts = (name: string) => /^(set|provide)[A-Z]/.test(name);
  const acting = scripts.filter((name) => called(readFileSync(join(root, "dist", name), "utf8")).some(acts));
  expect(acting).toEqual(expect.arrayContaining(["browser.js", "inline.js", "node.js", "workerd.js"]));
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { sideEffects: string[] };
  const kept = sideEffects.map((path) => path.replace("./dist/", ""));
  expect(acting.filter((name) => !kept.includes(name))).toEqual([]);
  expect(kept.filter((name) => !scripts.includes(name))).toEqual([]);
});
