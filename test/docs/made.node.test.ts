import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { madeDocument } from "../../scripts/documents/made.mjs";
import { root } from "../../scripts/setup/paths.mjs";

it.each(["docs/errors.md", "docs/ops.md"] as const)("%s is as the code makes it (npm run build)", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(madeDocument(file)).toBe(text);
  // Neither a list of nothing nor, in what a browser or forge shows, links to addresses that are none.
  expect(text.match(/^(## |### |- )/gm)!.length).toBeGreaterThan(60);
  expect(text.split("<!-- made -->")[1]).not.toMatch(/https?:\/\//);
});

it("errors and ops are found by their words", () => {
  const [errors, ops] = ["docs/errors.md", "docs/ops.md"].map((file) => readFileSync(join(root, file), "utf8"));
  expect(errors).toMatch(/^## SHAPE$/m);
  expect(errors).toMatch(/a scalar has no matrix product; use mul/);
  expect(ops).toMatch(/^### loraLinear$/m);
});
