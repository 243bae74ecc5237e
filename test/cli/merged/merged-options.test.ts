import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors, SentenceEncoder, type Tensor, writeSafetensors } from "../../../ts/entry/node.js";
import { goldenBytes, goldenJson } from "../../golden.js";
import { texts as all } from "../../models/golden-encoder.js";
import { largestError } from "../../ops/compare.js";
import { lowrank, project } from "../fixture.js";

/*
 * Adapters that PEFT saved with each option of its LoraConfig, merged into files: an encoder of those gives PEFT's vectors.
 */
const cases = Object.entries(await goldenJson<Record<string, string>>("lora-options/cases.json"));
const texts = all.slice(0, 8);
const golden = (path: string) => join(project, "test/golden", path);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lowrank-merge-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const merge = (name: string, base: string) =>
  lowrank([
    "merge",
    "--base",
    golden(`encoders/${base}`),
    "--adapter",
    golden(`lora-options/${name}`),
    "--out",
    join(folder, name),
  ]);

describe("an encoder of merged files gives PEFT's vectors", () => {
  // Of plain PiSSA and OLoRA, what they took from the base is computed from it again.
  it.each(cases)("%s on %s", async (name, base) => {
    const { code, err } = await merge(name, base);
    expect({ code, err: err.replace(/^fan_in_fan_out.*\n/gm, "") }).toEqual({ code: 0, err: "" });
    using encoder = await SentenceEncoder.load(join(folder, name), { pooling: "mean" });
    const { data } = readSafetensors(await goldenBytes(`lora-options/${name}/expected.safetensors`)).tensor("pooled");
    const vectors = await encoder.encode(texts);
    expect(largestError(Float32Array.from(vectors.flatMap((row) => [...row])), data)).toBeLessThan(1e-5);
  });
});

it.each(["pissa", "olora"])("check and inspect read a plain %s adapter", async (name) => {
  const adapter = golden(`lora-options/${name}`);
  const checked = await lowrank(["check", adapter, "--base", golden(`encoders/${Object.fromEntries(cases)[name]!}`)]);
  expect(checked).toMatchObject({ code: 0, out: expect.stringMatching(/ fits /) });
  const inspected = await lowrank(["inspect", adapter]);
  expect(inspected).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/rank +4\n/) });
});

describe("a plain PiSSA adapter is refused by name", () => {
  /** The base with other values and shapes in a tensor. */
  async function changed(name: string, tensor: string, change: (own: Tensor) => Tensor): Promise<string> {
    const path = join(folder, name);
    await cp(golden("encoders/bert"), path, { recursive: true });
    const file = readSafetensors(await goldenBytes("encoders/bert/model.safetensors"));
    const tensors = file.names.map((own) => [own, file.tensor(own)] as const);
    const written = new Map(tensors.map(([own, value]) => [own, own === tensor ? change(value) : value]));
    await writeFile(join(path, "model.safetensors"), writeSafetensors(written, {}));
    return path;
  }
  const query = "encoder.layer.0.attention.self.query.weight";

  it.each<[string, (own: Tensor) => Tensor, RegExp]>([
    [
      "NaN in the base",
      ({ shape, data }) => ({ shape, data: data.map((x, i) => (i === 5 ? NaN : x)) }),
      /query\.weight of the base holds NaN/,
    ],
    ["another width", ({ data }) => ({ shape: [32, 16], data: data.slice(0, 512) }), /query takes 32 features to 32/],
    ["three dimensions", ({ data }) => ({ shape: [32, 32, 1], data }), /query takes 32 features to 32/],
  ])("%s", async (name, change, message) => {
    const base = await changed(`base ${name}`, query, change);
    const out = join(folder, `out ${name}`);
    const { code, err } = await lowrank([
      "merge",
      "--base",
      base,
      "--adapter",
      golden("lora-options/pissa"),
      "--out",
      out,
    ]);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });
});
