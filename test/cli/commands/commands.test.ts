import { readdirSync, readFileSync } from "node:fs";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  LoraLinear,
  readAdapter,
  readSafetensors,
  SentenceEncoder,
  type Tensor,
  type TensorFile,
  writeSafetensors,
} from "../../../ts/index.js";
import { transpose } from "../../../ts/io/peft/conv1d.js";
import { examples, type Fixture, lowrank, makeFixture, project, shortRun } from "../fixture.js";

let fixture: Fixture;
let run: string;
beforeAll(async () => {
  fixture = await makeFixture();
  run = fixture.path("run");
  expect((await lowrank(shortRun(fixture, run, 40))).code).toBe(0);
});
afterAll(() => fixture.remove());

const texts = ["the film was good", "a very dull story"];
const lines = (text: string) => text.trimEnd().split("\n");
const vectors = (out: string) => lines(out).map((line) => JSON.parse(line).embedding as number[]);
const largestDifference = (a: number[][], b: number[][]) =>
  Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - b[i]![j]!))));

describe("predict", () => {
  it("labels arguments, lines of a file, a column, and standard input alike", async () => {
    const plain = fixture.path("lines.txt");
    const table = fixture.path("table.jsonl");
    await writeFile(plain, `${texts.join("\r\n")}\n\n`);
    await writeFile(table, texts.map((body) => `${JSON.stringify({ body, n: 1 })}\n`).join(""));
    const outcomes = [
      await lowrank(["predict", "--run", run, "--json", ...texts]),
      await lowrank(["predict", "--run", run, "--json", "--file", plain]),
      await lowrank(["predict", "--run", run, "--json", "--file", table, "--text", "body"]),
      await lowrank(["predict", "--run", run, "--json"], { input: `${texts.join("\n")}\n` }),
    ];
    for (const { code, out, err } of outcomes)
      expect({ code, out, err }).toEqual({ code: 0, out: outcomes[0]!.out, err: "" });
    const first = JSON.parse(lines(outcomes[0]!.out)[0]!);
    expect(first).toMatchObject({
      text: texts[0],
      probabilities: { bad: expect.any(Number), good: expect.any(Number) },
    });
    expect(first.probability).toBe(first.probabilities[first.label]);
    expect(first.probabilities.bad + first.probabilities.good).toBeCloseTo(1, 9);
  });

  it("prints label, probability and text for people", async () => {
    const { out } = await lowrank(["predict", "--run", run, ...texts]);
    expect(lines(out)[0]).toMatch(/^(good|bad) +[01]\.\d\d {2}the film was good$/);
  });
});

describe("evaluate", () => {
  it("finds the run's own test data and its figures", async () => {
    const report = JSON.parse(readFileSync(fixture.path("run", "report.json"), "utf8"));
    const { code, out } = await lowrank(["evaluate", "--run", run, "--json"]);
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(found.confusion).toEqual(report.result.after.confusion);
    expect(found.loss).toBeCloseTo(report.result.after.loss, 5);
  });

  it("takes other data, and shows a table", async () => {
    const { out, err } = await lowrank(["evaluate", "--run", run, "--data", fixture.data]);
    // The fixture's own file, of which a fifth was held back.
    expect(err).toMatch(/the run was trained on 32 of 40 texts \(80\.0 %\), so results look better/);
    expect(out).toMatch(/\nmajority-class baseline \(always "(good|bad)"\): accuracy 50\.0 %\n/);
    const interval = String.raw`\d+\.\d % \(\d+\.\d % to \d+\.\d %\)`;
    expect(out).toMatch(
      new RegExp(`: 40 examples\naccuracy +${interval}\nmacro F1 +${interval}\nloss +\\d\\.\\d+\nmajority`),
    );
    expect(out).toMatch(/is good( +\d+){2}( +\d+\.\d %){3} +20/);
  });
});

describe("embed", () => {
  it("writes JSON lines, .npy and .safetensors of the same vectors", async () => {
    const [npy, safe] = [fixture.path("v.npy"), fixture.path("v.safetensors")];
    const { out } = await lowrank(["embed", "--model", fixture.model, "--normalize", ...texts]);
    for (const file of [npy, safe]) {
      const { code, out: nothing } = await lowrank([
        "embed",
        "--model",
        fixture.model,
        "--normalize",
        "--out",
        file,
        ...texts,
      ]);
      expect({ code, nothing }).toEqual({ code: 0, nothing: "" });
    }
    const found = vectors(out);
    for (const vector of found) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    const { shape, data } = readSafetensors(readFileSync(safe)).tensor("embeddings");
    expect(shape).toEqual([2, 32]);
    expect(Array.from(data)).toEqual(found.flat().map(Math.fround));
    const numpy = readFileSync(npy);
    expect(numpy.subarray(0, 10).toString("latin1")).toBe("\x93NUMPY\x01\x00\x76\x00");
    expect(numpy.subarray(10, 128).toString("latin1")).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 32\), \} +\n$/,
    );
    expect(numpy.subarray(128).equals(Buffer.from(data.buffer, data.byteOffset, data.byteLength))).toBe(true);
  });
});

describe("merge", () => {
  it.each(["", "--dora", "--rslora --target-modules all-linear"])(
    "gives the embeddings of base and adapter %s",
    async (options) => {
      const variant = options.split(" ").filter(Boolean);
      const name = `merge${variant.join("")}`;
      const [adapter, merged] = [fixture.path(name), fixture.path(`${name}-merged`)];
      expect((await lowrank([...shortRun(fixture, adapter), "--no-baseline", ...variant])).code).toBe(0);
      const { code, out } = await lowrank(["merge", adapter, "--out", merged]);
      expect(code).toBe(0);
      expect(out).toMatch(/merged in: 41 tensors, written to/);
      const head = ["head.safetensors", "labels.json"];
      const files = ["config.json", "model.safetensors", "tokenizer.json"];
      expect(readdirSync(merged).sort()).toEqual([...files, ...head].sort());
      const some = examples.slice(0, 6).map(({ text }) => text);
      const together = vectors((await lowrank(["embed", "--adapter", adapter, ...some])).out);
      const base = vectors((await lowrank(["embed", "--model", fixture.model, ...some])).out);
      const full = vectors((await lowrank(["embed", "--model", merged, ...some])).out);
      expect(largestDifference(together, full)).toBeLessThan(1e-5);
      expect(largestDifference(together, base)).toBeGreaterThan(1e-3);

      const [before, after] = [`${fixture.model}/model.safetensors`, `${merged}/model.safetensors`].map((file) =>
        readSafetensors(readFileSync(file)),
      );
      expect(after!.names).toEqual(before!.names);
      const [held, ...others] = [...after!.metadata.keys()].reverse();
      expect([held, ...others]).toEqual(["lowrank.merged", ...[...before!.metadata.keys()].reverse()]);
      for (const [key, text] of before!.metadata) expect(after!.metadata.get(key)).toBe(text);
      for (const tensorName of before!.names) expect(after!.info(tensorName)).toEqual(before!.info(tensorName));
      await expectSameWeights(adapter, before!, after!);
      expect(Buffer.from(after!.raw("classifier.weight")).equals(Buffer.from(before!.raw("classifier.weight")))).toBe(
        true,
      );
    },
  );
});

/** What the command wrote in float32 is what `mergeAdapter` makes of the encoder's weights and what `LoraLinear.merge` gives in float64. */
async function expectSameWeights(adapter: string, before: TensorFile, after: TensorFile): Promise<void> {
  const read = (folder: string, names: string[]) =>
    Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
  using encoder = await SentenceEncoder.load(
    read(fixture.model, ["config.json", "tokenizer.json", "model.safetensors"]),
  );
  const { graph } = encoder;
  const files = read(adapter, ["adapter_config.json", "adapter_model.safetensors"]);
  encoder.loadAdapter("own", files);
  const { config, layers } = readAdapter(files);
  encoder.mergeAdapter("own");
  let adapted = 0;
  for (const linear of encoder.model.linears()) {
    for (const part of linear.parts) {
      const name = `${after.has(`${part.path}.weight`) ? "" : "bert."}${part.path}.weight`;
      expectClose(linear.partWeight(part), after.tensor(name));
      const update = layers.get(part.path);
      if (update === undefined) continue;
      adapted++;
      const weight = graph.constant(transpose(before.tensor(name)));
      const { rank, alpha, loraA, loraB, magnitude } = update;
      const options = { rank, alpha, rslora: config.useRslora, dora: config.useDora };
      const layer = LoraLinear.fromLinear(graph, weight, null, linear.inFeatures, part.width, options);
      graph.setValue(layer.loraA, loraA);
      graph.setValue(layer.loraB, loraB);
      if (layer.magnitude !== null) graph.setValue(layer.magnitude, magnitude!);
      expectClose(transpose(layer.merge(graph)), after.tensor(name));
    }
  }
  expect(adapted).toBe(layers.size);
}

/** Sums of rank 8 in float32 beside float64's. */
function expectClose(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(value - actual.data[i]!)), 0);
  expect(worst).toBeLessThan(1e-6 * largest);
}

describe("inspect", () => {
  it("describes an adapter's folder", async () => {
    const { out } = await lowrank(["inspect", run]);
    expect(out).toMatch(/rank +8\n/);
    expect(out).toMatch(/alpha +16 \(updates are scaled by 2\)/);
    expect(out).toMatch(/layer\.0\.attention\.self\.query\.lora_A\.weight +F32 +\[8, 32\] +1\.0 kB/);
    const { out: json } = await lowrank(["inspect", run, "--json"]);
    expect(JSON.parse(json)).toMatchObject({
      adapter: { ranks: [8], alphas: [16], layers: 6, dora: false },
      parameters: 6 * 2 * 8 * 32,
    });
  });

  it("describes a model's folder and a file by itself", async () => {
    const folder = JSON.parse((await lowrank(["inspect", fixture.model, "--json"])).out);
    const file = JSON.parse((await lowrank(["inspect", `${fixture.model}/model.safetensors`, "--json"])).out);
    expect(folder).toEqual({ ...file, model: { architecture: "bert", layers: 2, hiddenSize: 32 } });
    expect(file).toMatchObject({ adapter: null, metadata: { format: "pt" } });
    expect(file.tensors).toHaveLength(41);
  });
});

const adapterFiles = (folder: string) =>
  Object.fromEntries(
    ["adapter_config.json", "adapter_model.safetensors"].map((name) => [
      name,
      new Uint8Array(readFileSync(join(folder, name))),
    ]),
  );

describe("a model whose weights are in several files, of another architecture", () => {
  it("is inspected, trained on and merged as one in a single file is", async () => {
    const model = fixture.path("distilbert");
    await cp(join(project, "test/golden/encoders/distilbert"), model, { recursive: true });
    const whole = JSON.parse((await lowrank(["inspect", model, "--json"])).out);
    const weights = readSafetensors(readFileSync(join(model, "model.safetensors")));
    await rm(join(model, "model.safetensors"));
    const file = (i: number) => `model-0000${i + 1}-of-00002.safetensors`;
    const half = (name: string) => weights.names.indexOf(name) % 2;
    for (const i of [0, 1]) {
      const names = weights.names.filter((name) => half(name) === i);
      const tensors = new Map(names.map((name) => [name, weights.tensor(name)]));
      await writeFile(join(model, file(i)), writeSafetensors(tensors));
    }
    const weight_map = Object.fromEntries(weights.names.map((name) => [name, file(half(name))]));
    await writeFile(join(model, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
    const sharded = JSON.parse((await lowrank(["inspect", model, "--json"])).out);
    expect(sharded).toMatchObject({ parameters: whole.parameters, adapter: null });
    expect(sharded.tensors).toEqual(whole.tensors);

    const [adapter, merged] = [fixture.path("distilbert-run"), fixture.path("distilbert-merged")];
    const { code, err } = await lowrank([...shortRun({ ...fixture, model }, adapter, 3), "--no-baseline"]);
    expect({ code, err: code === 0 ? "" : err }).toEqual({ code: 0, err: "" });
    expect(readAdapter(adapterFiles(adapter)).config.targetModules).toEqual(["q_lin", "k_lin", "v_lin"]);
    const predict = async () => (await lowrank(["predict", "--run", adapter, "--json", "a good film"])).out;
    const said = await predict();
    expect(said).toMatch(/probabilit/);
    expect((await lowrank(["merge", adapter, "--out", merged])).out).toMatch(/merged in: \d+ tensors, written to/);
    const some = ["a good film", "bad"];
    const together = vectors((await lowrank(["embed", "--adapter", adapter, ...some])).out);
    const full = vectors((await lowrank(["embed", "--model", merged, ...some])).out);
    expect(largestDifference(together, full)).toBeLessThan(1e-5);
    const prompted = vectors((await lowrank(["embed", "--model", merged, "--prompt", "a ", "good film", "bad"])).out);
    expect(prompted[0]).toEqual(full[0]);
    const { code: unknown, err: message } = await lowrank(["embed", "--model", merged, "--prompt-name", "q", "a"]);
    expect(unknown).not.toBe(0);
    expect(message).toMatch(/no prompt "q"; it has none/);

    // The head goes on with the vectors that it was trained on, whatever the model's files say by now.
    await writeFile(join(model, "1_Pooling/config.json"), JSON.stringify({ pooling_mode: "mean" }));
    expect(await predict()).toBe(said);
  });
});

describe("doctor", () => {
  it("looks at runtime, kernels and cache", async () => {
    const { code, out } = await lowrank(["doctor", "--json"]);
    const { well, checks } = JSON.parse(out);
    expect(code).toBe(well ? 0 : 1);
    expect(checks.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(["runtime", "SIMD", "relaxed SIMD", "threads", "kernels", "speed", "cache"]),
    );
    expect(well).toBe(true);
    const models = checks.find(({ name }: { name: string }) => name === "models") as { found: string };
    expect(models.found.split(", ")).toEqual(
      expect.arrayContaining(["SmolLM2-135M-Instruct-GGUF", "all-MiniLM-L6-v2"]),
    );
  });
});
