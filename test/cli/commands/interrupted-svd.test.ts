import { readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adapterConfig, type AdapterLayer, writeAdapter, writeSafetensors } from "../../../ts/entry/node.js";
import { lowrank } from "../fixture.js";

const SIZE = 700;
const values = (length: number, factor: number) =>
  Float32Array.from({ length }, (_, i) => (((i + 1) * factor) % 1009) / 1009 - 0.5);

let folder: string;
const path = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-svd-"));
  // One matrix each, so that nothing but the steps of its decomposition lets anyone in between.
  for (const [name, factor] of [
    ["base", 7919],
    ["tuned", 6007],
  ] as const) {
    await mkdir(path(name));
    const tensors = { "layer.weight": { shape: [SIZE, SIZE], data: values(SIZE * SIZE, factor) } };
    await writeFile(join(path(name), "model.safetensors"), writeSafetensors(tensors));
  }
  const rank = 250;
  const layer: AdapterLayer = {
    kind: "linear",
    rank,
    alpha: rank,
    scaling: 1,
    loraA: { shape: [SIZE, rank], data: values(SIZE * rank, 7919) },
    loraB: { shape: [rank, SIZE], data: values(SIZE * rank, 6007) },
  };
  const config = adapterConfig({ r: rank, loraAlpha: rank, targetModules: ["layer"] });
  await mkdir(path("adapter"));
  const files = writeAdapter({ config, layers: new Map([["layer", layer]]), extra: new Map() });
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path("adapter"), name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A command that is interrupted at the event loop's n-th turn after it was begun. */
async function interruptedAt(turn: number, args: readonly string[]) {
  const interrupt = new AbortController();
  let turns = 0;
  const count = () => {
    if (++turns === turn) interrupt.abort();
    next = setTimeout(count, 0);
  };
  let next = setTimeout(count, 0);
  const outcome = await lowrank([...args], { signal: interrupt.signal });
  clearTimeout(next);
  return { ...outcome, turns };
}

describe("an interruption in the middle of a matrix's decomposition", () => {
  it.each([
    ["extract", () => ["extract", "--base", path("base"), "--tuned", path("tuned"), "--rank", "200"]],
    ["resize", () => ["resize", path("adapter"), "--rank", "100"]],
  ])("ends %s at once, and leaves nothing", async (_name, args) => {
    const before = readdirSync(folder);
    const { code, err, turns } = await interruptedAt(60, [...args(), "--out", path("new")]);
    expect({ code, err }).toEqual({ code: 130, err: "interrupted\n" });
    // The rest takes hundreds.
    expect(turns).toBeLessThan(150);
    expect(readdirSync(folder)).toEqual(before);
  });
});
