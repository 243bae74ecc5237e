import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { readModule, writeModule } from "../../scripts/wasm/module.mjs";
import { namedByLikeness } from "../../scripts/wasm/order.mjs";
import { withoutPanics } from "../../scripts/wasm/panics.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-binary-steps-"));
afterAll(() => rmSync(folder, { recursive: true }));

const binaryen = (tool: string, ...args: string[]) =>
  execFileSync("node", [join(root, "node_modules/binaryen/bin", tool), ...args], { cwd: folder });

/** A function that adds the same numbers `times` times, so that functions differ in length. */
const adding = (name: string, type: string, times: number) => `(func $${name} (export "${name}") (result ${type})
  ${`(${type}.add `.repeat(times)} (${type}.const 7) ${` (${type}.const 300))`.repeat(times)})`;

const text = `(module
  (import "host" "memory" (memory 1 2)) (import "host" "global" (global i32)) (import "host" "call" (func $host (result i32)))
  ${adding("long", "i32", 90)} ${adding("floats", "f32", 45)} ${adding("shorter", "i32", 80)}
  (func $"core[14d469399b14da0]::panicking::panic" (result i32) (i32.const 1))
  (func $"kernels[14d469399b14da0]::panicking" (result i32) (i32.const 2))
  (func (export "panic") (result i32) (call $"core[14d469399b14da0]::panicking::panic"))
  (func (export "kernel") (result i32) (i32.add (call $"kernels[14d469399b14da0]::panicking") (call $host))))`;

function assembled(): Buffer {
  writeFileSync(join(folder, "text.wat"), text);
  binaryen("wasm-as", "text.wat", "-g", "-o", "text.wasm");
  return readFileSync(join(folder, "text.wasm"));
}

/** What its exports return. */
function results(bytes: Uint8Array): Record<string, unknown> {
  const host = { memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }), global: 5, call: () => 40 };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(bytes)), { host });
  const called = (f: unknown) => {
    try {
      return (f as () => number)();
    } catch (error) {
      return (error as Error).message;
    }
  };
  return Object.fromEntries(Object.entries(exports).map(([name, f]) => [name, called(f)]));
}

const all = { long: 27_007, floats: 13_507, shorter: 24_007, panic: 1, kernel: 42 };

it("a module that is read and written is the same module", () => {
  const bytes = assembled();
  const { imported, bodies, names } = readModule(bytes);
  expect([imported, bodies.length, names.get(1)]).toEqual([1, 7, "long"]);
  expect(results(writeModule(readModule(bytes)))).toEqual(all);
});

it("a panic of Rust's library traps, and what only sounds like one does not", () => {
  expect(results(withoutPanics(assembled()))).toEqual({ ...all, panic: "unreachable" });
});

it("functions that are alike lie side by side, and do what they did", () => {
  writeFileSync(join(folder, "named.wasm"), namedByLikeness(assembled()));
  binaryen("wasm-opt", "named.wasm", "--reorder-functions-by-name", "-g", "-o", "ordered.wasm");
  const ordered = readFileSync(join(folder, "ordered.wasm"));
  expect(results(ordered)).toEqual(all);
  const lengths = readModule(ordered).bodies.map(({ length }) => length);
  const of = (bytes: Uint8Array) => readModule(bytes).bodies.map(({ length }) => length);
  const [long, floats, shorter] = of(assembled()) as [number, number, number];
  expect(lengths.slice(0, 2)).toEqual([long, shorter]);
  expect(lengths).toContain(floats);
});
