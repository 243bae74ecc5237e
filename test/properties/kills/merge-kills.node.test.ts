// @needs disks
// @rest kills
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapterConfig, type AdapterLayer, writeAdapter, writeSafetensors } from "../../../ts/entry/node.js";
import { contents, signalledWhen, unfinished, withShortFiles, withSmallDisk } from "./disturbed.js";
import { lowrankProcess } from "../../cli/process.js";

const [ROWS, COLUMNS, RANK, TENSORS] = [512, 1024, 4, 12];
/** Of two files, each of so many tensors in two bytes an element. */
const BYTES = 2 * TENSORS * ROWS * COLUMNS * 2;
const MIB = 1024 * 1024;
const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const moduleOf = (shard: number, i: number) => `layers.${shard}.linear_${i}`;

let folder: string;
const path = (...parts: string[]) => join(folder, ...parts);
/** What a merge makes that nobody disturbs. */
let whole: Map<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-merge-kills-"));
  for (const name of ["base", "adapter", "at"]) mkdirSync(path(name));
  const values = (length: number) => Float32Array.from({ length }, (_, i) => (((i + 1) * 7919) % 1009) / 1009 - 0.5);
  const weight = { shape: [ROWS, COLUMNS], data: values(ROWS * COLUMNS) };
  const weightMap: Record<string, string> = {};
  const layers = new Map<string, AdapterLayer>();
  for (const [shard, file] of shards.entries()) {
    const names = Array.from({ length: TENSORS }, (_, i) => moduleOf(shard, i));
    const tensors = Object.fromEntries(names.map((name) => [`${name}.weight`, weight]));
    writeFileSync(path("base", file), writeSafetensors(tensors, undefined, { dtype: "F16" }));
    for (const name of names) {
      weightMap[`${name}.weight`] = file;
      layers.set(name, {
        kind: "linear",
        rank: RANK,
        alpha: RANK,
        scaling: 1,
        loraA: { shape: [COLUMNS, RANK], data: values(COLUMNS * RANK) },
        loraB: { shape: [RANK, ROWS], data: values(RANK * ROWS) },
      });
    }
  }
  const index = { metadata: { total_size: BYTES }, weight_map: weightMap };
  writeFileSync(path("base", "model.safetensors.index.json"), JSON.stringify(index));
  writeFileSync(path("base", "vocab.txt"), "word\n".repeat(MIB));
  const config = adapterConfig({ r: RANK, loraAlpha: RANK, targetModules: ["layers\\..*"] });
  const files = writeAdapter({ config: { ...config, targetModules: ".*linear_.*" }, layers, extra: new Map() });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(path("adapter", name), bytes);
  expect((await lowrankProcess(args("undisturbed"), folder)).err).toBe("");
  whole = contents(path("undisturbed"));
  expect([...whole.keys()]).toEqual([...shards, "model.safetensors.index.json", "vocab.txt"]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const args = (out: string) => ["merge", "--base", path("base"), "--adapter", path("adapter"), "--out", out];

/** How much of a file is written, under its own name or a temporary one. */
const written = (files: ReadonlyMap<string, number>, name: string) =>
  [...files].reduce((most, [known, size]) => (known.includes(name) ? Math.max(most, size) : most), 0);

const moments: Record<string, (files: ReadonlyMap<string, number>) => boolean> = {
  "at its first sign": () => true,
  "in the first file": (files) => written(files, shards[0]!) > 3 * MIB,
  "between two files": (files) => files.has(shards[0]!),
  "in the second file": (files) => written(files, shards[1]!) > 3 * MIB,
  "behind the weights": (files) => files.has(shards[1]!),
};

describe("a merge that is killed", () => {
  it("leaves nothing that looks whole, and the next one makes it and clears away what was left", async () => {
    let killed = 0;
    for (const is of Object.values(moments)) {
      const watch = () => {
        const files = unfinished(path("at"));
        return files !== null && is(files);
      };
      const { signal } = await signalledWhen(watch, "SIGKILL", args(path("at", "merged")), folder);
      // It may have been quicker than the kill: then all is there.
      if (signal === null || readdirSync(path("at")).includes("merged")) {
        expect(contents(path("at/merged"))).toEqual(whole);
        await rm(path("at", "merged"), { recursive: true });
      } else {
        killed++;
      }
    }
    expect(killed).toBeGreaterThan(0);
    const { code, err } = await lowrankProcess(args(path("at", "merged")), folder);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(contents(path("at/merged"))).toEqual(whole);
    expect(readdirSync(path("at"))).toEqual(["merged"]);
    await rm(path("at", "merged"), { recursive: true });
  });
});

describe("a merge that finds no room", () => {
  it("because files may not be so long: an error, and nothing is left", () => {
    const { out, err } = withShortFiles(6000, args("merged"), path("at"));
    expect({ out, err }).toEqual({ out: "code 1\n", err: "error: EFBIG: file too large, write\n" });
  });

  it.each([
    ["known before", BYTES - MIB, /^error: --out: [\d.]+ MB are needed, the disk of .* has [\d.]+ MB left: make room/],
    ["in the weights", BYTES, /^error: ENOSPC: no space left on device, write\n$/],
    ["behind them", BYTES + 2 * MIB, /^error: ENOSPC: no space left on device, copyfile/],
  ])("because the disk is full, %s: an error, and nothing is left", (_name, size, message) => {
    const { out, err } = withSmallDisk(size, args("merged"), path("at"));
    expect({ out, err }).toEqual({ out: "code 1\n", err: expect.stringMatching(message) as string });
  });
});
