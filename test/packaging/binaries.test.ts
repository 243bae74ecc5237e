import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { variants } from "../../scripts/wasm/variants.mjs";

/** Every instruction of a binary, by name, with how often it stands there. */
function instructions(file: string): Map<string, number> {
  const disassembler = join(root, "node_modules/binaryen/bin/wasm-dis");
  const text = execFileSync("node", [disassembler, file], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const counts = new Map<string, number>();
  for (const [name] of text.matchAll(/(?<=\()[a-z0-9]+\.[a-z0-9_]+/g)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function count(counts: Map<string, number>, pattern: RegExp): number {
  return [...counts].reduce((sum, [name, times]) => (pattern.test(name) ? sum + times : sum), 0);
}

/** What wasm-bindgen needs, and what the pool of threads asks of its host. */
const HOST = /^__wbg_|^__wbindgen_|^(guarded_work|lost_workers|task_failed)$/;

describe.each(Object.entries(variants))("the published binary %s", (variant, build) => {
  const file = join(root, `dist/wasm/lowrank-${variant}.wasm`);
  const found = instructions(file);

  it("is made of SIMD instructions", () => {
    expect(count(found, /^v128\.load/)).toBeGreaterThan(100);
    expect(count(found, /^f32x4\.(mul|add)$/)).toBeGreaterThan(100);
  });

  it("has relaxed SIMD exactly where its build says so", () => {
    const relaxed = count(found, /\.relaxed_/);
    if ("ownFeatures" in build && build.ownFeatures === "+relaxed-simd") expect(relaxed).toBeGreaterThan(100);
    else expect(relaxed).toBe(0);
  });

  it("takes no arithmetic from its host, whose `Math.exp` is another one in every engine", () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(file)));
    const calls = imports.filter(({ kind }) => kind !== "memory").map(({ name }) => name);
    expect(calls.filter((name) => !HOST.test(name))).toEqual([]);
  });

  // The goal is 105,000. Kernels for one query and for quantising took 12,000, constants as loads 1,000, rounded rows, eight a tile, summed in three
  // ways, 6,500, RMSprop, Adagrad and the penalty of Adam 900, search 600, caps of scores 950, the gated delta
  // rule with its gradient and softplus 4,300. Of 142,900, functions in an order that gzip can use gave 9,000 back, panics
  // without messages and threads' stacks without the library's allocator 6,000, bodies of tasks that are compiled once 3,000, exports for size 4,000.
  it("is at most 127.1 kB, gzip", () => {
    expect(gzipSync(readFileSync(file), { level: 9 }).length).toBeLessThanOrEqual(127_100);
  });
});

it("README.md gives the sizes of the smallest and the largest, to a kB", () => {
  const said = /the binary is (\d+) to (\d+) kB gzip/.exec(readFileSync(join(root, "README.md"), "utf8"))!.slice(1);
  const sizes = Object.keys(variants).map((variant) => {
    const binary = readFileSync(join(root, `dist/wasm/lowrank-${variant}.wasm`));
    return gzipSync(binary, { level: 9 }).length / 1000;
  });
  expect(Math.abs(Number(said[0]) - Math.min(...sizes))).toBeLessThanOrEqual(1);
  expect(Math.abs(Number(said[1]) - Math.max(...sizes))).toBeLessThanOrEqual(1);
});
