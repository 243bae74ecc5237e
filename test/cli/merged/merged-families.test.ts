import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type LoraOptions,
  readAdapter,
  readSafetensors,
  SentenceEncoder,
  writeAdapter,
  writeFilesAtomically,
  writeSafetensors,
} from "../../../ts/entry/node.js";
import { goldenNames, texts as all } from "../../models/golden-encoder.js";
import { largestError } from "../../ops/compare.js";
import { lowrank, project } from "../fixture.js";

/*
 * Adapters of every family merged by file: an encoder of those files gives the vectors that base and adapter give, which are PEFT's
 * (test/models/golden-encoders.test.ts). NomicBERT's files hold other modules than its adapters name.
 */
const texts = all.slice(0, 8);
const golden = (path: string) => join(project, "test/golden/encoders", path);
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lowrank-families-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

const flat = (rows: readonly Float32Array[]) => Float32Array.from(rows.flatMap((row) => [...row]));

/** Merges an adapter's folder by file, and compares with the adapter beside the base. */
async function compare(base: string, adapter: string, out: string): Promise<void> {
  const checked = await lowrank(["check", adapter, "--base", base, "--json"]);
  expect({ code: checked.code, err: checked.err }).toEqual({ code: 0, err: "" });
  expect(JSON.parse(checked.out)).toMatchObject({ fits: true, problems: [] });
  expect(await lowrank(["merge", adapter, "--base", base, "--out", out])).toMatchObject({ code: 0, err: "" });
  using apart = await SentenceEncoder.load(base);
  const before = flat(await apart.encode(texts));
  apart.loadAdapter("one", adapter);
  const expected = flat(await apart.encode(texts));
  expect(largestError(before, expected)).toBeGreaterThan(1e-4);
  using merged = await SentenceEncoder.load(out);
  expect(largestError(flat(await merged.encode(texts)), expected)).toBeLessThan(1e-5);
}

/** A copy of a model with weights in float32: merged ones are rounded to their file's type, which for bfloat16 is up to 0.2 %. */
async function inFloat32(name: string): Promise<string> {
  const copy = join(folder, `${name}-float32`);
  await cp(golden(name), copy, { recursive: true });
  const weights = join(copy, "model.safetensors");
  const file = readSafetensors(await readFile(weights));
  await writeFile(weights, writeSafetensors(new Map(file.names.map((name) => [name, file.tensor(name)]))));
  return copy;
}

it.each(goldenNames)("%s", async (name) => {
  await compare(await inFloat32(name), golden(`${name}/replay/adapter_step5`), join(folder, name));
});

/** An adapter of NomicBERT's golden with values in all that it trains. */
async function nomic(name: string, options: LoraOptions): Promise<string> {
  using encoder = await SentenceEncoder.load(golden("nomic-bert"), { seed: 5 });
  encoder.addAdapter("one", { rank: 3, initLoraWeights: false, ...options });
  const { graph } = encoder;
  for (const id of encoder.trainableParams()) {
    const { shape, data } = graph.value(id);
    graph.setValue(id, { shape, data: data.map((x, i) => 1.1 * x + 0.2 * Math.sin(3 * i + 1)) });
  }
  const path = join(folder, name);
  await writeFilesAtomically(path, encoder.saveAdapter("one"));
  return path;
}

describe("nomic-bert, whose files hold query, key and value in one", () => {
  it.each<[string, LoraOptions]>([
    ["DoRA on all three", { targetModules: "all-linear", dora: true }],
    ["one of them, of ranks and scales of their own", { targetModules: ["q_proj", "down_proj"], rslora: true, rankPattern: { "layers.1.self_attn.q_proj": 5 }, alphaPattern: { down_proj: 3 } }], // prettier-ignore
    [
      "two of them in one layer",
      { targetModules: ["k_proj", "v_proj"], layersToTransform: [1], layersPattern: "layers" },
    ],
    ["norms and biases, too", { targetModules: ["v_proj"], bias: "all", modulesToSave: ["post_mlp_layernorm"] }],
    ["all of them as wholes", { targetModules: ["o_proj"], modulesToSave: ["q_proj", "k_proj", "v_proj", "LayerNorm"] }], // prettier-ignore
    ["words", { targetModules: ["word_embeddings", "gate_proj"] }],
  ])("%s", async (name, options) => {
    await compare(golden("nomic-bert"), await nomic(name, options), join(folder, `${name} merged`));
  });

  it.each<[string, LoraOptions, RegExp]>([
    [
      "DoRA on one of them",
      { targetModules: ["q_proj"], dora: true },
      /attn\.Wqkv, of which the adapter with DoRA has a part/,
    ],
    ["one of them as a whole", { targetModules: ["o_proj"], modulesToSave: ["k_proj"] }, /attn\.Wqkv\.weight, of which the adapter replaces a part/], // prettier-ignore
  ])("%s is refused by check and merge", async (name, options, said) => {
    const adapter = await nomic(name, options);
    const checked = await lowrank(["check", adapter, "--base", golden("nomic-bert"), "--json"]);
    expect(JSON.parse(checked.out)).toMatchObject({ fits: false, problems: [expect.stringMatching(said)] });
    const { code, err } = await lowrank([
      "merge",
      adapter,
      "--base",
      golden("nomic-bert"),
      "--out",
      join(folder, "no"),
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(said);
  });

  it("a layer that the configuration targets and the adapter lacks is named as the adapter would", async () => {
    const adapter = readAdapter(golden("nomic-bert/replay/adapter_step5"));
    const layers = new Map([...adapter.layers].filter(([path]) => path !== "layers.1.self_attn.k_proj"));
    const config = { ...adapter.config, targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] }; // prettier-ignore
    const path = join(folder, "lacking");
    await writeFilesAtomically(path, writeAdapter({ ...adapter, config, layers }));
    const said = /targets layers\.1\.self_attn\.k_proj, but the file has no tensors for it/;
    const checked = await lowrank(["check", path, "--base", golden("nomic-bert"), "--json"]);
    expect(JSON.parse(checked.out)).toMatchObject({ fits: false, problems: [expect.stringMatching(said)] });
    const { err } = await lowrank(["merge", path, "--base", golden("nomic-bert"), "--out", join(folder, "no")]);
    expect(err).toMatch(said);
  });
});
