import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";

const page = readFileSync(join(root, "docs/own-data.md"), "utf8");

describe("your own data", () => {
  it("the page explains every finding", () => {
    const source = readFileSync(join(root, "ts/io/examples/summary/findings.ts"), "utf8");
    const codes = [...source.matchAll(/(?:stop|warn)\(\s*"([a-z-]+)"/g)].map(([, code]) => code!);
    expect(codes.length).toBeGreaterThan(15);
    // The first column of the table.
    const cells = page.split("\n").flatMap((line) => (line.startsWith("| `") ? [line.split("|")[1]!] : []));
    const explained = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code!));
    expect(new Set(explained)).toEqual(new Set(codes));
  });
});
