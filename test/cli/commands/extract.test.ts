import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  readAdapter,
  readSafetensors,
  tensor,
  writeFilesAtomically,
  writeSafetensors,
} from "../../../ts/entry/node.js";
import { lowrank, project } from "../fixture.js";

const golden = (path: string) => join(project, "test/golden", path);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-extract-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const path = (name: string) => join(folder, name);

interface Said {
  error: number;
  layers: { module: string; rank: number; error: number }[];
  left: string[];
}
async function json(args: string[]): Promise<Said> {
  const { code, out, err } = await lowrank([...args, "--json"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as Said;
}

/** The largest difference of two models' tensors, relative to the largest value. */
function difference(one: string, other: string): number {
  const [a, b] = [one, other].map((at) => readSafetensors(readFileSync(join(at, "model.safetensors"))));
  let worst = 0;
  for (const name of a!.names) {
    const [x, y] = [a!.tensor(name).data, b!.tensor(name).data];
    const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    worst = x.reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!) / largest), worst);
  }
  return worst;
}

/** ‖a − b‖/‖c − b‖ over all tensors: what of a change is missed. */
function missed(got: string, base: string, tuned: string): number {
  const files = [got, base, tuned].map((at) => readSafetensors(readFileSync(join(at, "model.safetensors"))));
  let [off, whole] = [0, 0];
  for (const name of files[0]!.names) {
    const [a, b, c] = files.map((file) => file.tensor(name).data) as [Float32Array, Float32Array, Float32Array];
    for (let i = 0; i < a.length; i++) {
      off += (a[i]! - c[i]!) * (a[i]! - c[i]!);
      whole += (c[i]! - b[i]!) * (c[i]! - b[i]!);
    }
  }
  return Math.sqrt(off / whole);
}

describe.each([
  ["llama_all_projections", "tiny_llama", 4],
  ["gpt2_fan_in_fan_out", "tiny_gpt2", 4],
  ["llama_embed_and_head", "tiny_llama", 4],
])("of %s merged into %s", (name, baseName, rank) => {
  const [base, adapter] = [golden(`adapters/base/${baseName}`), golden(`adapters/valid/${name}`)];
  const merged = () => path(`${name}-merged`);

  it("extract finds an adapter of its rank that makes the same model", async () => {
    expect((await lowrank(["merge", adapter, "--base", base, "--out", merged()])).code).toBe(0);
    const out = path(`${name}-extracted`);
    const { error, left } = await json([
      "extract",
      "--base",
      base,
      "--tuned",
      merged(),
      "--rank",
      String(rank),
      "--out",
      out,
    ]);
    expect(left).toEqual([]);
    expect(error).toBeLessThan(1e-5);
    expect(readdirSync(out).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    const again = path(`${name}-again`);
    expect(await lowrank(["merge", out, "--base", base, "--out", again])).toMatchObject({ code: 0, err: "" });
    expect(difference(merged(), again)).toBeLessThan(1e-5);
  });

  it("extract of a smaller rank and resize to it miss what they say", async () => {
    const [extracted, resized] = [path(`${name}-small`), path(`${name}-resized`)];
    const one = await json(["extract", "--base", base, "--tuned", merged(), "--rank", "2", "--out", extracted]);
    const two = await json(["resize", adapter, "--rank", "2", "--out", resized]);
    expect(one.error).toBeGreaterThan(0.05);
    expect(two.error).toBeCloseTo(one.error, 4);
    for (const [adapterFolder, { error }] of [
      [extracted, one],
      [resized, two],
    ] as const) {
      const out = `${adapterFolder}-merged`;
      expect(await lowrank(["merge", adapterFolder, "--base", base, "--out", out])).toMatchObject({ code: 0, err: "" });
      expect(missed(out, base, merged())).toBeCloseTo(error, 4);
    }
  });

  it("resize to a larger rank changes nothing", async () => {
    const larger = path(`${name}-larger`);
    expect((await json(["resize", adapter, "--rank", "12", "--out", larger])).error).toBeLessThan(1e-6);
    const out = path(`${name}-larger-merged`);
    expect(await lowrank(["merge", larger, "--base", base, "--out", out])).toMatchObject({ code: 0, err: "" });
    expect(difference(merged(), out)).toBeLessThan(1e-5);
  });
});

it("extract refuses the same model twice, and another architecture", async () => {
  const base = golden("adapters/base/tiny_llama");
  const same = await lowrank(["extract", "--base", base, "--tuned", base, "--out", path("none")]);
  expect(same.code).toBe(1);
  expect(same.err).toMatch(/there is nothing to extract/);
  const other = golden("merged/llama_dora/base");
  const another = await lowrank(["extract", "--base", base, "--tuned", other, "--out", path("none")]);
  expect(another.code).toBe(1);
  expect(another.err).toMatch(/they are not of one architecture/);
});

/** A model of two layers, the path of one of which ends in the other's, and of which it has the smaller rank. */
async function nested(name: string, scale: number): Promise<string> {
  const layer = (rows: number) =>
    tensor(
      [rows, rows],
      Float32Array.from({ length: rows * rows }, (_, i) => scale * Math.sin(i * i)),
    );
  const weights = writeSafetensors({ "q.weight": layer(2), "deep.q.weight": layer(6) });
  await writeFilesAtomically(path(name), { "model.safetensors": weights });
  return path(name);
}

it("ranks of layers are told apart where one's path ends in another's", async () => {
  const [base, tuned] = [await nested("nested", 1), await nested("nested-tuned", 2)];
  const [adapter, resized] = [path("nested-adapter"), path("nested-resized")];
  await json(["extract", "--base", base, "--tuned", tuned, "--rank", "5", "--out", adapter]);
  await json(["resize", adapter, "--rank", "4", "--out", resized]);
  const ranks = [adapter, resized].map((at) => [...readAdapter(at).layers].map(([name, { rank }]) => [name, rank]));
  expect(ranks.map((of) => Object.fromEntries(of) as unknown)).toEqual([
    { q: 2, "deep.q": 5 },
    { q: 2, "deep.q": 4 },
  ]);
});

it("extract says which weight of which model is not finite", async () => {
  const [base, tuned] = [await nested("finite", 1), await nested("infinite", Infinity)];
  for (const [from, to, said] of [
    [base, tuned, "q.weight of the other model holds NaN"],
    [tuned, base, "q.weight of the base holds NaN"],
  ] as const) {
    const { code, err } = await lowrank(["extract", "--base", from, "--tuned", to, "--out", path("none")]);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(said) as string });
  }
});

it("extract of two architectures says that they share no names", async () => {
  const tuned = await nested("one", 1);
  const base = join(project, "test/golden/adapters/base/tiny_llama");
  const { code, err } = await lowrank(["extract", "--base", base, "--tuned", tuned, "--out", path("none")]);
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringMatching(/share no tensor names: the base has .*, the other model /) as string,
  });
});
