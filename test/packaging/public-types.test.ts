import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

const dist = join(root, "dist");
const files = (readdirSync(dist, { recursive: true }) as string[]).filter((name) => name.endsWith(".d.ts"));

/** Members of classes and interfaces that a declaration file shows and nobody else is to use. */
function hidden(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(dist, file), "utf8"), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    const isPrivate =
      ts.isClassElement(node) &&
      !ts.isConstructorDeclaration(node) &&
      (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
    if (isPrivate) found.push(`${file}: ${node.getText()}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

it("the published types show no private member, and none for internal use", () => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap(hidden)).toEqual([]);
  const internal = files.flatMap((file) =>
    readFileSync(join(dist, file), "utf8")
      .split("\n")
      .filter((line) => line.includes("@internal"))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(internal).toEqual([]);
});

it("an object that only looks like one of a class is none", () => {
  const classes = files.map((file) => readFileSync(join(dist, file), "utf8")).join("\n");
  for (const name of ["Graph", "TextClassifier", "SentenceEncoder"])
    expect(classes).toMatch(new RegExp(`declare class ${name}\\b[^\\n]*\\{[\\s\\S]*?#private;`));
});
