import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import { alter, inProcess, relaxedFlags, replaceCode, withCopy } from "../setup/node-process.js";

/** What `report` below tells. */
interface Report {
  readonly build: string;
  readonly threads: number;
  readonly threadsRefused: string | null;
  readonly relaxedRefused: string | null;
  readonly relaxedSimd: boolean;
  readonly workers: number;
  readonly product: number[];
}

/** Starts with `options` and tells what runs, the worker threads that there are, and [1 2; 3 4]². */
const report = (options: object) => `
  const { build, relaxedRefused, threads, threadsRefused, features } = await lowrank.init(${JSON.stringify(options)});
  const graph = new lowrank.Graph();
  const a = graph.constant(lowrank.tensor([2, 2], [1, 2, 3, 4]));
  const product = [...graph.value(graph.matmul(a, a)).data];
  tell({ build, relaxedRefused, threads, threadsRefused, relaxedSimd: features.relaxedSimd, workers: workers(), product });`;
const product = [7, 10, 15, 22];

/** Fails to start with `options`; tells the error and the worker threads that are left, then starts with others. */
const failure = (options: object, later: object) => `
  const error = await lowrank.init(${JSON.stringify(options)}).catch((error) => error);
  const { name, message } = error;
  const left = workers();
  const { build, threads } = await lowrank.init(${JSON.stringify(later)});
  tell({ name, message, left, build, threads, workers: workers() });`;

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly left: number;
  readonly build: string;
  readonly threads: number;
  readonly workers: number;
}

const variant = (dist: string, name: string) => join(dist, `wasm/lowrank-${name}.wasm`);

/** A binary that compiles and runs, and computes wrongly: f32x4.relaxed_madd, a·b + c, becomes relaxed_nmadd, c − a·b. */
const negated = (binary: Uint8Array) => replaceCode(binary, [0xfd, 0x85, 0x02], [0xfd, 0x86, 0x02]);

describe("a relaxed build that", () => {
  it("is sound is taken", async () => {
    const found = await inProcess<Report>(report({ threads: 1 }), { flags: relaxedFlags });
    expect(found).toMatchObject({ relaxedSimd: true, build: "relaxed", relaxedRefused: null, product });
    const asked = await inProcess<Report>(report({ threads: 1, build: "simd" }), { flags: relaxedFlags });
    expect(asked).toMatchObject({ build: "simd", relaxedRefused: null });
  });

  it("is behind a flag, as in Node 20, is not taken, which says how to get it; later ones take it", async () => {
    const found = await inProcess<Report>(report({ threads: 1 }));
    const refused = {
      relaxedSimd: false,
      build: "simd",
      relaxedRefused: "no relaxed SIMD; see --experimental-wasm-relaxed-simd",
    };
    const taken = { relaxedSimd: true, build: "relaxed", relaxedRefused: null };
    expect(found).toMatchObject({ ...(relaxedFlags.length > 0 ? refused : taken), product });
  });

  it("computes wrongly gives way to the simd build, and leaves no thread behind", async () => {
    await withCopy(async (dist) => {
      for (const name of ["relaxed", "relaxed-threads"]) await alter(variant(dist, name), negated);
      for (const threads of [1, 3]) {
        const found = await inProcess<Report>(report({ threads }), { dist, flags: relaxedFlags });
        expect(found).toMatchObject({ relaxedSimd: true, build: "simd", product });
        expect(found.relaxedRefused).toMatch(/relaxed/);
        expect(found).toMatchObject({ threads, threadsRefused: null, workers: threads - 1 });
      }
      const asked = await inProcess<Failure>(
        failure({ build: "relaxed", threads: 3 }, { build: "simd", threads: 2 }),
        { dist, flags: relaxedFlags }, // prettier-ignore
      );
      expect(asked).toMatchObject({ name: "UnsupportedError", left: 0, build: "simd", threads: 2, workers: 1 });
      expect(asked.message).toMatch(
        /the "relaxed" build computes wrongly in this runtime: element \[0, 0\] of the self-test is/,
      );
    });
  });

  it("is damaged gives way to the simd build; with all damaged the error names the file", async () => {
    await withCopy(async (dist) => {
      for (const name of ["relaxed", "relaxed-threads"])
        await alter(variant(dist, name), (bytes) => bytes.subarray(0, 999));
      const found = await inProcess<Report>(report({ threads: 1 }), { dist, flags: relaxedFlags });
      expect(found).toMatchObject({ relaxedSimd: true, build: "simd", threads: 1, product });
      await alter(variant(dist, "simd"), () => "<!doctype html>");
      const program =
        "const { name, message } = await lowrank.init({ threads: 1 }).catch((e) => e); tell({ name, message });";
      const error = await inProcess<{ name: string; message: string }>(program, { dist });
      expect(error.name).toBe("UnsupportedError");
      expect(error.message).toMatch(/the binary of the "simd" build does not compile/);
    });
  });
});

describe("one thread runs, and why is told, where", () => {
  // Node 20 to 22 know the model under its first name.
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission";

  it.each([
    ["memory cannot be shared", ["--enable-sharedarraybuffer-per-context"], /no SharedArrayBuffer/],
    ["workers may not be started", [permission, "--allow-fs-read=*"], /Access to this API has been restricted/],
  ])("%s", async (_, flags, reason) => {
    const found = await inProcess<Report>(report({ threads: 3 }), { flags });
    expect(found).toMatchObject({ threads: 1, workers: 0, product });
    expect(found.threadsRefused).toMatch(reason);
  });

  it("workers do not come up: none, or not all of them", async () => {
    await withCopy(async (dist) => {
      const serving = join(dist, "worker-node.js");
      await alter(serving, (bytes) => `import { threadId } from "node:worker_threads";
        if (threadId > 1) process.exit(3);
        ${new TextDecoder().decode(bytes)}`); // prettier-ignore
      // Several times: the one that comes up may do so before, while or after the other ends.
      for (let i = 0; i < 8; i++) {
        const some = await inProcess<Report>(report({ threads: 3 }), { dist });
        expect(some).toMatchObject({ threads: 1, workers: 0, product });
        expect(some.threadsRefused).toMatch(/a worker of the pool ended at once, with code 3/);
      }
      await alter(serving, () => "throw new Error('not today');");
      const none = await inProcess<Report>(report({ threads: 2 }), { dist });
      expect(none).toMatchObject({ threads: 1, threadsRefused: "Error: not today", workers: 0, product });
    });
  });

  it("the binary was given, and where more than 16 are asked for so many run", async () => {
    const own = await inProcess<Report>(`
      const { readFile } = await import("node:fs/promises");
      const wasm = await readFile(${JSON.stringify(join(root, "dist/wasm/lowrank-simd.wasm"))});
      const { threads, threadsRefused } = await lowrank.init({ build: "simd", wasm, threads: 2 });
      tell({ threads, threadsRefused, workers: workers() });`);
    expect(own).toEqual({ threads: 1, threadsRefused: "a binary given as `wasm` runs on one thread", workers: 0 });
    const many = await inProcess<Report>(report({ threads: 40 }));
    expect(many).toMatchObject({
      threads: 16,
      threadsRefused: "more than 16 threads gain nothing here",
      workers: 15,
      product,
    });
  });
});

it("a start that fails for its options leaves no thread behind, and the next one starts", async () => {
  const found = await inProcess<Failure>(failure({ tile: { rows: 5, columns: 7 }, threads: 3 }, { threads: 2 }));
  expect(found).toMatchObject({ name: "ConfigError", left: 0, threads: 2, workers: 1 });
  expect(found.message).toMatch(/there is no 5×7 tile; compiled are 4×8/);
});

it("of two calls at once, the second starts with its own options where the first cannot", async () => {
  const found = await inProcess<string[]>(`
    const both = [lowrank.init({ tile: { rows: 5, columns: 7 }, threads: 2 }), lowrank.init({ threads: 2 })];
    const results = await Promise.allSettled(both);
    tell(results.map(({ status }) => status));`);
  expect(found).toEqual(["rejected", "fulfilled"]);
});
