import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lowrank } from "../../fixture.js";
import { bytesOf, products, writeBase } from "./onnx-fixture.js";

const SHAPE = [6, 4] as const;
const BYTES = 96;
let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);
let weights: Float32Array[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-hostile-onnx-"));
  weights = writeBase(folder, SHAPE, 2, [0]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Merges into a model in a folder of its own, whose files are given; the other folder is there before. */
async function merge(name: string, onnx: Uint8Array, prepare: (at: string) => void = () => {}) {
  mkdirSync(path(name));
  writeFileSync(path(name, "model.onnx"), onnx);
  prepare(path(name));
  const args = ["--base", path("base"), "--onnx", path(name, "model.onnx"), "--out", path(`${name}-out`)];
  const outcome = await lowrank(["merge", path("adapter"), ...args]);
  return { ...outcome, left: existsSync(path(`${name}-out`)) };
}

const refused = (says: RegExp) => ({ code: 1, left: false, err: expect.stringMatching(says) as unknown });
const both = () => Buffer.concat([bytesOf(weights[0]!, SHAPE), bytesOf(weights[1]!, SHAPE)]);
const beside = (location: string, offset = 0) => ({ location, offset: String(offset), length: String(BYTES) });

describe("constants beside an ONNX model", () => {
  it("that lie in a file which a link leads to, out of the folder, are refused, though they are the base's", async () => {
    mkdirSync(path("secrets"));
    writeFileSync(path("secrets/data"), both());
    const onnx = products({ w: [SHAPE, beside("data")] });
    expect(await merge("linked", onnx, (at) => symlinkSync(path("secrets/data"), join(at, "data")))).toMatchObject(
      refused(/tensor w lies in data, which is a link that leads out of the model's folder/),
    );
    const inFolder = products({ w: [SHAPE, beside("sub/data")] });
    expect(await merge("linked-sub", inFolder, (at) => symlinkSync(path("secrets"), join(at, "sub")))).toMatchObject(
      refused(/which is a link that leads out of the model's folder/),
    );
  });

  it("are read where model and data are links to one folder, as in the hub's cache, and the copies are files", async () => {
    mkdirSync(path("blobs"));
    mkdirSync(path("snapshot"));
    writeFileSync(path("blobs/1"), products({ w: [SHAPE, beside("data")] }));
    writeFileSync(path("blobs/2"), both());
    symlinkSync("../blobs/1", path("snapshot/model.onnx"));
    symlinkSync("../blobs/2", path("snapshot/data"));
    const args = ["--base", path("base"), "--onnx", path("snapshot/model.onnx"), "--out", path("from-cache")];
    expect(await lowrank(["merge", path("adapter"), ...args])).toMatchObject({ code: 0, err: "" });
    expect(readFileSync(path("blobs/2")).equals(both())).toBe(true);
    const merged = readFileSync(path("from-cache/data"));
    expect(merged.subarray(0, BYTES).equals(both().subarray(0, BYTES))).toBe(false);
    expect(merged.subarray(BYTES).equals(both().subarray(BYTES))).toBe(true);
  });

  it.each([
    ["model.onnx", () => {}, /which is the model itself/],
    ["again", (at: string) => symlinkSync("model.onnx", join(at, "again")), /which is the model itself/],
    ["folder", (at: string) => mkdirSync(join(at, "folder")), /which is no file/],
    ["pipe", (at: string) => void execFileSync("mkfifo", [join(at, "pipe")]), /which is no file/],
    ["loop", (at: string) => symlinkSync("loop", join(at, "loop")), /which cannot be opened: ELOOP/],
    [`${"n".repeat(300)}`, () => {}, /which cannot be opened: ENAMETOOLONG/],
    ["short", (at: string) => writeFileSync(join(at, "short"), "short"), /too short: it has 5 bytes, not 96/],
    ["model.onnx/data", () => {}, /which is missing/],
  ])("in %s are refused", async (location, prepare, says) => {
    const name = `in-${location.slice(0, 5).replace("/", "-")}-${location.length}`;
    expect(await merge(name, products({ w: [SHAPE, beside(location)] }), prepare)).toMatchObject(refused(says));
  });

  const data = (at: string) => writeFileSync(join(at, "data"), both());

  it("that overlap are refused where one of them changes, and only then", async () => {
    const shifted = products({ w: [SHAPE, beside("data")], v: [SHAPE, beside("data", 8)] });
    expect(await merge("overlap", shifted, data)).toMatchObject(
      refused(/w and v of the ONNX model share bytes of data, which the adapter changes for one of them/),
    );
    const others = products({
      w: [SHAPE, beside("data")],
      u: [SHAPE, beside("data", BYTES)],
      v: [[2], { location: "./data", offset: String(BYTES + 4), length: "8" }],
    });
    expect(await merge("apart", others, data)).toMatchObject({ code: 0, err: "" });
    // Two names of the same bytes become the same.
    const twice = products({ w: [SHAPE, beside("data")], v: [SHAPE, beside("data")] });
    expect(await merge("twice", twice, data)).toMatchObject({ code: 0, err: "" });
    expect(readFileSync(path("twice-out/data")).equals(readFileSync(path("apart-out/data")))).toBe(true);
  });

  it("that thousands of names share are compared once", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i) => [`w${i}`, [SHAPE, beside("data")]] as const),
    );
    expect(await merge("many", products(many), data)).toMatchObject({ code: 0, err: "" });
    expect(readFileSync(path("many-out/data")).equals(readFileSync(path("apart-out/data")))).toBe(true);
  });
});
