import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lookUps } from "../../scripts/bundle/intrinsics.mjs";
import { root } from "../../scripts/setup/paths.mjs";

const dist = join(root, "dist");

it("functions of the package's modules do not ask the global object for Math, Number and other names of loops", () => {
  const modules = readdirSync(dist).filter(
    (name) => /\.js$/.test(name) && !/^(lowrank-worker|worker-browser)\.js/.test(name),
  );
  expect(modules.length).toBeGreaterThan(40);
  const found = modules.map((name) => [name, [...lookUps(readFileSync(join(dist, name), "utf8")).found.keys()]]);
  expect(found.filter(([, names]) => names!.length > 0)).toEqual([]);
  // What it finds where there is something to find.
  const code = "const a = Math.max(1, 2); export const f = (x, Number) => [Math.imul(x, a), new Number()];";
  const names = [...lookUps(code).found];
  expect(names).toEqual([["Math", [expect.objectContaining({ start: code.indexOf("Math.imul") })]]]);
});

it("loading, training and saving in a context of node:vm ask its global object for tensors and texts, not for numbers and characters", () => {
  const program = join(root, "test/packaging/vm/in-context.mjs");
  const model = join(root, "test/golden/exported/base");
  const options = ["--experimental-vm-modules", "--no-warnings", program, dist, model];
  const { counts, bytes, saved } = JSON.parse(execFileSync(process.execPath, options, { encoding: "utf8" })) as {
    counts: Record<string, number>;
    bytes: number;
    saved: number;
  };
  expect([bytes, saved]).toEqual([25_600, 4]);
  // The counting works: an engine is asked for, and a clock.
  expect(counts).toMatchObject({ WebAssembly: expect.any(Number), performance: expect.any(Number) });
  // A script that is fetched late asks once, as it is loaded.
  for (const name of ["Array", "Math", "Number", "String"]) expect(counts[name] ?? 0).toBeLessThan(20);
  // It was 37,000.
  expect(Object.values(counts).reduce((sum, count) => sum + count)).toBeLessThan(3_000);
});
