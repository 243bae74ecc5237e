import { Linter } from "eslint";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import typescript from "typescript-eslint";
import { describe, expect, it } from "vitest";
import layers, { readLayers } from "../../scripts/checks/layers.mjs";
import { root } from "../../scripts/setup/paths.mjs";

/** What the linter says of a line in a file. */
function complaints(file: string, line: string, rule = "order"): string[] {
  const rules = { [`layers/${rule}`]: "error" } as const;
  const languageOptions = { parser: typescript.parser as Linter.Parser };
  const config = { files: ["**/*.ts"], plugins: { layers }, languageOptions, rules } as Linter.Config;
  const linter = new Linter({ configType: "flat", cwd: root });
  return linter.verify(line, config, join(root, file)).map(({ message }) => message);
}

describe("the table of layers", () => {
  const table = readLayers(readFileSync(join(root, "ARCHITECTURE.md"), "utf8"));

  it("names folders that there are", () => {
    expect(table.size).toBeGreaterThan(10);
    expect([...table.keys()].filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });

  it("lets a folder import what lies below it", () => {
    expect(complaints("ts/ops/loss/a.ts", `import "../../engine/memory/heap.js"; import "../shape/pad.js";`)).toEqual(
      [],
    );
    expect(complaints("ts/io/node/a.ts", `import "../json.js"; import "node:fs";`)).toEqual([]);
  });

  it.each([
    ["ts/engine/a.ts", `import "../ops/op.js";`, "ts/ops is not below ts/engine"],
    ["ts/engine/a.ts", `import type { Shape } from "../ops/op.js";`, "ts/ops is not below ts/engine"],
    ["ts/engine/a.ts", `let shape: import("../ops/op.js").Shape;`, "ts/ops is not below ts/engine"],
    ["ts/engine/a.ts", `export * from "../ops/op.js";`, "ts/ops is not below ts/engine"],
    ["ts/engine/a.ts", `await import("../ops/op.js");`, "ts/ops is not below ts/engine"],
    ["ts/nn/a.ts", `export { a } from "../optim/sgd.js";`, "ts/optim is not below ts/nn"],
    ["ts/io/a.ts", `import "./node/hub.js";`, "ts/io/node is not below ts/io"],
    ["ts/io/a.ts", `import "../new/a.js";`, "ts/new/a.ts is in no folder"],
    ["ts/new/a.ts", ``, "ts/new/a.ts is in no folder"],
  ])("in %s refuses %s", (file, line, message) => {
    const found = complaints(file, line);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
  });
});

describe("packages beside lowrank", () => {
  it("import files of their own, and what lowrank exports", () => {
    const line = `import "./a.js"; import { init } from "lowrank"; import "lowrank/jobs"; import "lowrank/wasm/a.wasm";`;
    expect(complaints("packages/queue/src/cli/b.ts", `${line} import "../../src/c.js";`, "packages")).toEqual([]);
  });

  it.each([
    ["packages/queue/src/a.ts", `import "../../../ts/errors/errors.js";`, "is a file of another package"],
    ["packages/queue/src/a.ts", `import type { A } from "../../other/src/a.js";`, "is a file of another package"],
    ["web/src/a.ts", `export * from "../../dist/browser.js";`, "is a file of another package"],
    ["packages/queue/src/a.ts", `import "lowrank/dist/node.js";`, "lowrank exports no lowrank/dist/node.js"],
  ])("in %s refuses %s", (file, line, message) => {
    expect(complaints(file, line, "packages")).toEqual([expect.stringContaining(message)]);
  });
});
