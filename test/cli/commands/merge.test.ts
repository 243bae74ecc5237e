import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AdapterError, readSafetensors, SentenceEncoder, TextClassifier } from "../../../ts/entry/node.js";
import { examples, type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

const texts = examples.slice(0, 6).map(({ text }) => text);

let fixture: Fixture;
let [run, merged] = ["", ""];
beforeAll(async () => {
  fixture = await makeFixture();
  [run, merged] = [fixture.path("run"), fixture.path("merged")];
  expect((await lowrank([...shortRun(fixture, run), "--no-baseline", "--max-tokens", "8"])).code).toBe(0);
  expect((await lowrank(["merge", run, "--out", merged])).code).toBe(0);
});
afterAll(() => fixture.remove());

const read = (folder: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
const adapterFiles = () => read(run, ["adapter_config.json", "adapter_model.safetensors"]);
const runFiles = () => read(run, [...Object.keys(adapterFiles()), "head.safetensors", "labels.json"]);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const close = (a: number, b: number) => Math.abs(a - b) < 1e-5;

it("a merged model says what it contains, in its weights, and has the head beside it", () => {
  const names = ["config.json", "head.safetensors", "labels.json", "model.safetensors", "tokenizer.json"];
  expect(readdirSync(merged).sort()).toEqual(names);
  const { metadata } = readSafetensors(readFileSync(join(merged, "model.safetensors")));
  expect(metadata.get("format")).toBe("pt");
  const { base, adapters } = JSON.parse(metadata.get("lowrank.merged")!) as { base: string; adapters: unknown[] };
  expect({ base, adapters }).toEqual({
    base: fixture.model,
    adapters: [{ name: "run", fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/) as string }],
  });
  const { merged: held, maxTokens, base: none } = json(join(merged, "labels.json"));
  expect({ held, maxTokens, none }).toEqual({
    held: (adapters[0] as { fingerprint: string }).fingerprint,
    maxTokens: 8,
    none: null,
  });
});

it("it is served with its head, by the library and by the command, with the run's answers", async () => {
  using apart = await TextClassifier.open(run);
  const before = await apart.predict(texts);
  using served = await TextClassifier.open(merged);
  const after = await served.predict(texts);
  expect(served.adapter).toBe(null);
  expect(after.map(({ label }) => label)).toEqual(before.map(({ label }) => label));
  after.forEach(({ probability }, i) => expect(close(probability, before[i]!.probability)).toBe(true));
  for (const place of ["--model", "--run"]) {
    const { code, out, err } = await lowrank(["predict", place, merged, "--json", ...texts]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(after);
  }
  const { code, out } = await lowrank(["evaluate", "--model", merged, "--data", fixture.data, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ run: merged, count: 40 });
  // Its head can be trained on, and saved as it is.
  const files = served.save();
  expect(Object.keys(files)).toEqual(["head.safetensors", "labels.json"]);
  await served.fit(examples, { steps: 2, batchSize: 8, learningRate: 0.1 });
  expect(await served.predict(texts)).not.toEqual(after);
  using again = TextClassifier.load(served.encoder, files);
  expect(await again.predict(texts)).toEqual(after);
});

it("the same adapter on it is refused by name, whoever applies it; another one is not", async () => {
  const held =
    /hold this adapter already \(merged from run\), so it would be applied twice: use the merged model by itself, or the adapter on its base/;
  const commands = [
    ["predict", "--run", run, "--model", merged, "a film"],
    ["predict", "--run", run, "--model", merged, "--allow-other-base", "a film"],
    ["embed", "--adapter", run, "--model", merged, "a film"],
    ["merge", run, "--model", merged, "--out", fixture.path("twice")],
  ];
  for (const command of commands) {
    const { code, err } = await lowrank(command);
    expect(code).toBe(1);
    expect(err).toMatch(held);
  }
  expect(existsSync(fixture.path("twice"))).toBe(false);
  using encoder = await SentenceEncoder.load(merged);
  expect(() => encoder.loadAdapter("x", adapterFiles())).toThrow(AdapterError);
  expect(() => encoder.loadAdapter("x", adapterFiles())).toThrow(held);
  expect(() => TextClassifier.load(encoder, runFiles(), { allowOtherBase: true })).toThrow(held);
  expect(encoder.adapters()).toEqual([]);
  encoder.addAdapter("other", { rank: 2 });
  encoder.loadAdapter("copy", encoder.saveAdapter("other"));
  // The head without its adapter is for these weights alone.
  using base = await SentenceEncoder.load(fixture.model);
  const head = read(merged, ["head.safetensors", "labels.json"]);
  expect(() => TextClassifier.load(base, head)).toThrow(
    /do not contain that adapter: load the model in the head's folder/,
  );
});

it("a second adapter merged into it is told of beside the first", async () => {
  const [second, both] = [fixture.path("second"), fixture.path("both")];
  const tune = shortRun({ ...fixture, model: merged }, second, 3);
  expect((await lowrank([...tune, "--no-baseline"])).code).toBe(0);
  expect((await lowrank(["merge", second, "--out", both])).code).toBe(0);
  const { metadata } = readSafetensors(readFileSync(join(both, "model.safetensors")));
  const { base, adapters } = JSON.parse(metadata.get("lowrank.merged")!) as {
    base: string;
    adapters: { name: string }[];
  };
  expect([base, ...adapters.map(({ name }) => name)]).toEqual([fixture.model, "run", "second"]);
});

it("a base with other weights is refused by name, unless insisted on", async () => {
  const [other, out] = [fixture.path("other"), fixture.path("other-merged")];
  await cp(fixture.model, other, { recursive: true });
  const weights = readFileSync(join(other, "model.safetensors"));
  // A bit of the last tensor's last value but one.
  weights[weights.length - 8]! ^= 1;
  const names = readSafetensors(weights).names;
  expect(names.at(-1)).not.toMatch(/encoder|embeddings/);
  await writeFile(join(other, "model.safetensors"), weights);
  // It is the pooler's or a head's: nothing that an encoder takes has changed.
  expect((await lowrank(["predict", "--run", run, "--model", other, "a film"])).code).toBe(0);
  for (let i = 8; i < weights.length; i += 64) if (i > weights.length / 2) weights[i]! ^= 1;
  await writeFile(join(other, "model.safetensors"), weights);
  const predict = ["predict", "--run", run, "--model", other, "a film"];
  const merge = ["merge", run, "--model", other, "--out", out];
  const embed = ["embed", "--adapter", run, "--model", other, "a film"];
  for (const command of [predict, merge, embed]) {
    const { code, err } = await lowrank(command);
    expect(code).toBe(1);
    expect(err).toMatch(/trained on .*model, and .*other has other weights or another tokenizer: .*--allow-other-base/);
    expect((await lowrank([...command, "--allow-other-base"])).code).toBe(0);
  }
  await rm(other, { recursive: true });
});

it("a run trained on short texts gives its answers with the base named, too", async () => {
  const long = "the story was quite the story and the music is good";
  const said = await Promise.all(
    [[], ["--model", fixture.model]].map(async (more) => {
      const { out } = await lowrank(["predict", "--run", run, ...more, "--json", long]);
      return JSON.parse(out) as unknown;
    }),
  );
  expect(said[0]).toEqual(said[1]);
  using encoder = await SentenceEncoder.load(fixture.model);
  expect((await TextClassifier.load(encoder, runFiles()).predict([long]))[0]).toEqual(said[0]);
});
