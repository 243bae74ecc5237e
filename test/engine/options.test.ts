import { describe, expect, it } from "vitest";
import { ConfigError, engineInfo, init, type InitOptions, type Tile } from "../../ts/index.js";
import { projectFile } from "../setup/files.js";

const before = engineInfo();
const refused = (options: unknown) => init(options as InitOptions).then(() => null, (error: unknown) => error); // prettier-ignore

/** The smallest module there is: a binary, but not of the kernels. */
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Bytes whose buffer was transferred. */
function handedOver(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Something that calls itself so, and is none. */
const called = (name: string) => ({ [Symbol.toStringTag]: name });

describe("init refuses, and says so before it starts anything,", () => {
  it.each<[string, unknown, RegExp]>([
    ["null", null, /options are an object, got null/],
    ["a text", "simd", /options are an object, got "simd"/],
    ["a list", [], /options are an object/],
    ["an unknown name", { thread: 2 }, /there is no option "thread"; did you mean "threads"\?/],
    ["a misspelt bound", { maxMemory: 2 ** 30 }, /there is no option "maxMemory"/],
    ["build null", { build: null }, /build is one of "auto", "simd", "relaxed", got null/],
    ["a build there is not", { build: "simd-threads" }, /build is one of .*, got "simd-threads"/],
    ["threads null", { threads: null }, /threads is "auto" or a whole number from 1, got null/],
    ["threads NaN", { threads: NaN }, /whole number from 1, got NaN/],
    ["threads infinite", { threads: Infinity }, /whole number from 1, got Infinity/],
    ["half a thread", { threads: 1.5 }, /whole number from 1, got 1\.5/],
    ["no threads", { threads: 0 }, /whole number from 1, got 0/],
    ["threads as text", { threads: "2" }, /whole number from 1, got "2"/],
    ["tile null", { tile: null }, /tile is "auto" or \{ rows, columns \}, got null/],
    ["tile as text", { tile: "4x8" }, /tile is "auto" or \{ rows, columns \}, got "4x8"/],
    ["tile as a list", { tile: [4, 8] }, /tile: options are an object/],
    ["rows NaN", { tile: { rows: NaN, columns: 8 } }, /rows is a whole number from 1, got NaN/],
    ["no columns", { tile: { rows: 4 } }, /columns is a whole number from 1, got undefined/],
    ["other names of a tile's", { tile: { row: 4, columns: 8 } }, /no option "row"; did you mean "rows"\?/],
    ["a tile there is not", { tile: { rows: 5, columns: 7 } }, /there is no 5×7 tile; compiled are 4×8/],
    ["memory null", { maximumMemory: null }, /maximumMemory is a number of bytes, .*, got null/],
    ["memory as text", { maximumMemory: "1GiB" }, /maximumMemory is a number of bytes, .*, got "1GiB"/],
    ["memory NaN", { maximumMemory: NaN }, /maximumMemory is a number of bytes, .*, got NaN/],
    ["too little memory", { maximumMemory: 2 ** 20 }, /16 MiB to 4 GiB/],
    ["too much memory", { maximumMemory: 2 ** 33 }, /16 MiB to 4 GiB/],
    ["wasm null", { build: "simd", wasm: null }, /wasm is the binary's bytes, .*, got null/],
    ["wasm a number", { build: "simd", wasm: 7 }, /wasm is the binary's bytes, .*, got 7/],
    ["wasm an empty text", { build: "simd", wasm: "" }, /wasm is the binary's bytes, .*, got ""/],
    ["wasm a list", { build: "simd", wasm: [0, 97, 115, 109] }, /wasm is the binary's bytes/],
    ["wasm bytes that went elsewhere", { build: "simd", wasm: handedOver().buffer }, /none of them handed over/],
    ["a view of such", { build: "simd", wasm: handedOver() }, /none of them handed over/],
    ["no module", { build: "simd", wasm: called("WebAssembly.Module") }, /wasm is the binary's bytes/],
    ["no buffer", { build: "simd", wasm: called("ArrayBuffer") }, /wasm is the binary's bytes/],
    ["wasm without build", { wasm: EMPTY }, /`wasm` needs `build/],
  ])("%s", async (_, options, message) => {
    const error = await refused(options);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message.length).toBeLessThan(400);
    expect(engineInfo()).toEqual(before);
  });

  it("a text of a megabyte, in a message that is short", async () => {
    for (const options of [{ build: "x".repeat(1e6) }, { ["x".repeat(1e6)]: 1 }, { threads: "2".repeat(1e6) }]) {
      const error = await refused(options);
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message.length).toBeLessThan(500);
    }
  });
});

describe("a later init", () => {
  const other = before.build === "simd" ? "relaxed" : "simd";
  const wide: Tile = { rows: 4, columns: before.tile.columns === 16 ? 8 : 16 };

  it("may ask for nothing, or for what runs", async () => {
    const same = [
      {},
      { threads: "auto", tile: "auto", build: "auto" },
      { build: before.build, threads: before.threads },
    ];
    for (const options of [undefined, ...same] as (InitOptions | undefined)[]) {
      expect(await init(options)).toEqual({ ...before, memory: engineInfo().memory });
    }
    await init({ maximumMemory: 2 ** 31 });
  });

  it.each<[string, InitOptions, RegExp]>([
    ["build", { build: other }, new RegExp(`already runs with build "${before.build}"; for build "${other}"`)],
    ["threads", { threads: before.threads + 1 }, /already runs with threads \d; for threads \d/],
    ["tile", { tile: wide }, /already runs with tile \{"rows":\d,"columns":8\}; for tile \{"rows":4,"columns":16\}/],
    ["memory", { maximumMemory: 2 ** 30 }, /already runs with maximumMemory 2147483648; for maximumMemory 1073741824/],
    ["two things", { build: other, maximumMemory: 2 ** 30 }, /for build .*, maximumMemory /],
  ])("is told what differs: %s", async (_, options, message) => {
    const error = await refused(options);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
    expect(engineInfo()).toEqual(before);
  });

  it("gets a tile of as many columns while nobody asked for one; then that one stays", async () => {
    const taken = { rows: before.tile.rows === 8 ? 6 : 8, columns: 8 };
    // What it asks for besides cannot be had, so it does not get the tile either.
    expect(await refused({ tile: taken, maximumMemory: 2 ** 30 })).toBeInstanceOf(ConfigError);
    expect(engineInfo().tile).toEqual(before.tile);
    expect((await init({ tile: taken })).tile).toEqual(taken);
    expect(await refused({ tile: { rows: 4, columns: 8 } })).toBeInstanceOf(ConfigError);
    expect((await init({ tile: taken })).tile).toEqual(taken);
  });
});

describe("a binary that is given", () => {
  it("is checked for being one of the kernels", async () => {
    const { compile } = await import("../../ts/engine/source.js");
    await expect(compile("simd", EMPTY)).rejects.toThrow(/not a kernel binary of this package: it exports no "memory"/);
    await expect(compile("simd", Uint8Array.of(1, 2, 3))).rejects.toThrow(/no WebAssembly binary/);
    const threaded = await projectFile("build/wasm/simd-threads/lowrank_wasm_bg.wasm");
    await expect(compile("simd", threaded)).rejects.toThrow(/which only the package itself can start/);
    await expect(compile("simd", "http://127.0.0.1:1/none.wasm")).rejects.toThrow(
      /cannot be fetched here .*pass its bytes/,
    );
    const module = await WebAssembly.compile(await projectFile("build/wasm/simd/lowrank_wasm_bg.wasm"));
    expect(await compile("simd", module)).toBe(module);
  });
});
