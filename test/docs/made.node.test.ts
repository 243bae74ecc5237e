import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { madeDocument } from "../../scripts/documents/made.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { fieldsOfTasks } from "../../ts/tasks/index.js";

it.each(["docs/errors.md", "docs/ops.md", "docs/settings.md"] as const)(
  "%s is as the code makes it (npm run build)",
  (file) => {
    const text = readFileSync(join(root, file), "utf8");
    expect(madeDocument(file)).toBe(text);
    expect(text.split("<!-- made -->")[1]).not.toMatch(/https?:\/\//);
    // No list of nothing.
    if (file !== "docs/settings.md") expect(text.match(/^(## |### |- )/gm)!.length).toBeGreaterThan(60);
  },
);

it("every setting of every task has a row, with its option", () => {
  const text = readFileSync(join(root, "docs/settings.md"), "utf8");
  const names = new Set(Object.values(fieldsOfTasks).flatMap((fields) => Object.keys(fields)));
  const rows = [...text.matchAll(/^\| `(\w+)` \| (`--)?/gm)];
  expect([...new Set(rows.map(([, name]) => name))].sort()).toEqual([...names].sort());
  expect(rows.filter(([, , option]) => option === undefined).map(([, name]) => name)).toEqual(["lora"]);
});

it("errors and ops are found by their words", () => {
  const [errors, ops] = ["docs/errors.md", "docs/ops.md"].map((file) => readFileSync(join(root, file), "utf8"));
  expect(errors).toMatch(/^## SHAPE$/m);
  expect(errors).toMatch(/a scalar has no matrix product; use mul/);
  expect(ops).toMatch(/^### loraLinear$/m);
});
