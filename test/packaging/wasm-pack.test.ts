// @rest toolchain
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Kernels from "../../build/wasm/simd/lowrank_wasm.js";
import { pathWith, root } from "../../scripts/setup/paths.mjs";
import { compileVariant, optimize } from "../../scripts/wasm/build.mjs";
import { findToolchain } from "../../scripts/wasm/toolchain.mjs";
import { findWasmPack, toolsOnPath } from "../../scripts/wasm/tools.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-wasm-pack-"));
const wasmPack = findWasmPack()!;
// Where cargo has compiled the variant before, there is little left to do.
const LIMIT = { timeout: 600_000 };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What every file of a folder holds, by name. */
const filesIn = (place: string) => Object.fromEntries(readdirSync(place).map((name) => [name, hash(place, name)]));
const hash = (place: string, name: string) =>
  createHash("sha256")
    .update(readFileSync(join(place, name)))
    .digest("hex");

const byWasmPack = (variant: string) => join(folder, variant);

describe.each(["simd", "relaxed-threads"])("the build %s", (variant) => {
  it("has the same bytes by wasm-pack and by its steps without it", LIMIT, async () => {
    const [packed, direct] = [byWasmPack(variant), join(folder, `${variant}-direct`)];
    await compileVariant(variant, packed, wasmPack);
    await compileVariant(variant, direct, null);
    expect(Object.keys(filesIn(packed)).sort()).toEqual([
      "lowrank_wasm.d.ts",
      "lowrank_wasm.js",
      "lowrank_wasm_bg.wasm",
      "lowrank_wasm_bg.wasm.d.ts",
    ]);
    expect(filesIn(direct)).toEqual(filesIn(packed));
    // What the package is made of has gone through wasm-opt.
    await optimize(direct);
    expect(filesIn(join(root, "build/wasm", variant))).toEqual(filesIn(direct));
  });
});

describe("`wasm-pack build crates/wasm --target web`", () => {
  const pkg = join(folder, "pkg");

  beforeAll(() => {
    const { path, env } = findToolchain()!;
    // Debian's Rust has no compiled standard library for it to find.
    const mode = path.length > 0 ? ["--mode", "force"] : [];
    execFileSync(wasmPack, ["build", "crates/wasm", "--target", "web", ...mode, "--out-dir", pkg], {
      cwd: root,
      stdio: "pipe",
      env: {
        ...process.env,
        ...env,
        // Without flags: those of .cargo/config.toml stand.
        RUSTFLAGS: undefined,
        PATH: pathWith(toolsOnPath, ...path),
        CARGO_TARGET_DIR: join(root, "target/simd"),
      },
    });
  }, 600_000);

  it("makes a package whose kernels multiply", async () => {
    const { main } = JSON.parse(readFileSync(join(pkg, "package.json"), "utf8")) as { main: string };
    const kernels = (await import(join(pkg, main))) as typeof Kernels;
    const { memory } = kernels.initSync({ module: readFileSync(join(pkg, "lowrank_wasm_bg.wasm")) });
    const length = kernels.workspace_len(1);
    const pages = Math.ceil((4 * length) / 65_536);
    const start = memory.grow(pages + 1) * 65_536;
    kernels.set_workspace(start, length);
    const numbers = new Float32Array(memory.buffer, start + pages * 65_536);
    const [m, k, n] = [5, 7, 19];
    for (let i = 0; i < m * k + k * n; i++) numbers[i] = (i % 11) - 5;
    const [a, b, c] = [0, m * k, m * k + k * n].map((from) => numbers.byteOffset + 4 * from) as [
      number,
      number,
      number,
    ];
    kernels.gemm(m, n, k, 1, a, k, 1, b, n, 1, 0, c, n, 0);
    // Small whole numbers have exact sums.
    const product = Array.from({ length: m * n }, (_, at) =>
      Array.from({ length: k }, (_, i) => numbers[Math.floor(at / n) * k + i]! * numbers[m * k + i * n + (at % n)]!),
    ).map((terms) => terms.reduce((sum, term) => sum + term, 0));
    expect([...numbers.subarray(m * k + k * n, m * k + k * n + m * n)]).toEqual(product);
  });

  it("compiles the simd build", () => {
    expect(hash(pkg, "lowrank_wasm_bg.wasm")).toBe(hash(byWasmPack("simd"), "lowrank_wasm_bg.wasm"));
  });
});
