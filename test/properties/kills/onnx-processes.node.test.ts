// @needs disks
// @rest kills
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesOf, products, writeBase } from "../../cli/merged/onnx/onnx-fixture.js";
import { contents, signalledWhen, unfinished, withShortFiles, withSmallDisk } from "./disturbed.js";
import { lowrankProcess, program } from "../../cli/process.js";

const SHAPE = [512, 2048] as const;
const BYTES = 4 * SHAPE[0] * SHAPE[1];
const MIB = 1024 * 1024;
let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);
let whole: Map<string, string>;
let first: Uint8Array;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-onnx-processes-"));
  chmodSync(folder, 0o755);
  const weights = writeBase(folder, SHAPE, 3, [0, 1]);
  const [a, second, third] = weights.map((values, i) => bytesOf(values, SHAPE, i === 1)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  first = a;
  for (const name of ["at", "onnx"]) mkdirSync(path(name));
  const data = { location: "data", offset: "0", length: String(BYTES) };
  const model = products({ a: [SHAPE, first], b: [SHAPE.toReversed(), data], c: [SHAPE, third] });
  writeFileSync(path("onnx/model.onnx"), model);
  writeFileSync(path("onnx/data"), second);
  writeFileSync(path("base/config.json"), "{}");
  expect(await lowrankProcess(args(path("whole")), folder)).toMatchObject({ code: 0, err: "" });
  whole = contents(path("whole"));
  expect([...whole.keys()]).toEqual(["config.json", "onnx/data", "onnx/model.onnx"]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const args = (out: string, onnx = path("onnx")) => [
  "merge",
  path("adapter"),
  "--base",
  path("base"),
  "--onnx",
  join(onnx, "model.onnx"),
  "--out",
  out,
];

const expectWhole = (directory: string) => expect(contents(directory)).toEqual(whole);

/** How much is written of what is unfinished. */
const written = () => [...(unfinished(path("at"))?.values() ?? [-1])].reduce((sum, size) => sum + size, 0);

describe("merge --onnx, killed", () => {
  it.each([
    ["at its first sign", 0],
    ["in the first copy", 2 * MIB],
    ["in the second", 2 * BYTES + MIB],
    ["while constants are replaced", 3 * BYTES],
  ])("%s, leaves nothing that looks whole, and the next one makes it", async (_moment, bytes) => {
    const { signal } = await signalledWhen(() => written() >= bytes, "SIGKILL", args(path("at/merged")), folder);
    // It may have been quicker than the kill: then all is there.
    if (readdirSync(path("at")).includes("merged")) expectWhole(path("at/merged"));
    else {
      expect(signal).toBe("SIGKILL");
      expect(await lowrankProcess(args(path("at/merged")), folder)).toMatchObject({ code: 0, err: "" });
      expectWhole(path("at/merged"));
    }
    expect(readdirSync(path("at"))).toEqual(["merged"]);
    rmSync(path("at/merged"), { recursive: true });
  });
});

describe("merge --onnx where nothing can be written", () => {
  it("as files may not be so long: an error, and nothing is left", () => {
    const { out, err } = withShortFiles(6000, args("merged"), path("at"));
    expect({ out, err }).toEqual({ out: "code 1\n", err: "error: EFBIG: file too large, write\n" });
  });

  it.each([
    ["known before", 3 * BYTES - MIB, /^error: --out: [\d.]+ MB are needed, the disk of .* has [\d.]+ MB left/],
    ["behind the model", 3 * BYTES + 4096, /^error: ENOSPC: no space left on device, (write|copyfile)/],
  ])("as the disk is full, %s: an error, and nothing is left", (_name, size, message) => {
    const { out, err } = withSmallDisk(size, args("merged"), path("at"));
    expect({ out, err }).toEqual({ out: "code 1\n", err: expect.stringMatching(message) as string });
  });

  // Root may write anywhere; a user of no name may not.
  it("files that may only be read are merged, and a folder that may only be read is refused", () => {
    cpSync(path("onnx"), path("fixed/onnx"), { recursive: true });
    mkdirSync(path("shut"));
    mkdirSync(path("open"));
    for (const name of ["model.onnx", "data"]) chmodSync(path("fixed/onnx", name), 0o444);
    for (const [name, mode] of [
      ["fixed/onnx", 0o555],
      ["shut", 0o555],
      ["open", 0o777],
    ] as const)
      chmodSync(path(name), mode);
    const as = (out: string) => {
      const call = [process.execPath, program, ...args(out, path("fixed/onnx"))];
      const [file, ...rest] = process.getuid?.() === 0 ? ["unshare", "-U", ...call] : call;
      return spawnSync(file!, rest, { cwd: "/", encoding: "utf8", env: { ...process.env, HOME: path("open") } });
    };
    expect(as(path("open/merged"))).toMatchObject({ status: 0, stderr: "" });
    expectWhole(path("open/merged"));
    const { status, stderr } = as(path("shut/merged"));
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --out .*shut.* cannot be created: EACCES: permission denied/);
    expect(readdirSync(path("shut"))).toEqual([]);
    chmodSync(path("fixed/onnx"), 0o755);
  });
});

describe("merge --onnx", () => {
  it("takes as much memory for a model twice as long", () => {
    // The process's own peak: the one that the system counts for it begins with that of whoever started it.
    const read = 'readFileSync("/proc/self/status","latin1").match(/VmHWM:\\s+(\\d+)/)[1]';
    const told = `data:text/javascript,import{readFileSync}from"node:fs";process.on("exit",()=>console.error(${read}))`;
    const peak = (out: string, onnx: string) => {
      const call = ["--import", told, program, ...args(out, onnx)];
      const { status, stderr } = spawnSync(process.execPath, call, { encoding: "utf8", cwd: folder });
      expect([status, stderr]).toEqual([0, expect.stringMatching(/^\d+\n$/)]);
      return Number(stderr) * 1024;
    };
    const plain = peak(path("short-out"), path("onnx"));
    const long = path("long");
    mkdirSync(long);
    const filler = new Uint8Array(96 * MIB);
    const b = { location: "data", offset: "0", length: String(BYTES) };
    // The same constants, and one that stays.
    const model = products({
      a: [SHAPE, first],
      b: [SHAPE.toReversed(), b],
      filler: [[filler.length / 4], filler],
    });
    writeFileSync(join(long, "model.onnx"), model);
    cpSync(path("onnx/data"), join(long, "data"));
    expect(peak(path("long-out"), long) - plain).toBeLessThan(filler.length / 4);
  });
});
