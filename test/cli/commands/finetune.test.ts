import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lossCurve } from "../../../ts/pictures/loss-curve.js";
import { readAdapter, readSafetensors, TextClassifier } from "../../../ts/index.js";
import { readFileMap } from "../../../ts/io/node/index.js";
import { examples, type Fixture, lowrank, makeFixture, shortRun } from "../fixture.js";

let fixture: Fixture;
beforeAll(async () => void (fixture = await makeFixture()));
afterAll(() => fixture.remove());

const bytes = (path: string) => readFileSync(path);
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("finetune", () => {
  it("trains an adapter with further options, which PiSSA does not keep from being resumed or opened", async () => {
    const options = [
      "--bias",
      "lora_only",
      "--init",
      "pissa",
      "--layers",
      "1",
      "--modules-to-save",
      "embeddings.LayerNorm",
    ];
    const run = fixture.path("further");
    const { code, out, err } = await lowrank([...shortRun(fixture, run, 6), ...options, "--exclude-modules", "key"]);
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
    expect(out).toMatch(
      /rank 8, alpha 16 on query, key, value, bias lora_only, excludeModules \["key"\], initLoraWeights pissa/,
    );
    const { config, layers, extra } = readAdapter(
      readFileMap(run, ["adapter_config.json", "adapter_model.safetensors"]),
    );
    expect([...layers.keys()]).toEqual(["query", "value"].map((name) => `encoder.layer.1.attention.self.${name}`));
    // Converted: of twice the rank.
    expect(config).toMatchObject({ r: 16, bias: "lora_only", layersToTransform: [1], initLoraWeights: true });
    expect([...extra.keys()].sort()).toEqual([
      "embeddings.LayerNorm.bias",
      "embeddings.LayerNorm.weight",
      ...["query", "value"].map((name) => `encoder.layer.1.attention.self.${name}.base_layer.bias`),
    ]);
    expect((await lowrank(["predict", "--run", run, "a fine day"])).code).toBe(0);
  });

  it("refuses options of the adapter that the model has nothing for", async () => {
    const { code, err } = await lowrank([...shortRun(fixture, fixture.path("none"), 6), "--modules-to-save", "norm1"]);
    expect(err).toMatch(/--modules-to-save names "norm1", which this model does not have/);
    expect(code).toBe(1);
  });

  it("writes a run folder: adapter, head, labels, report, curve; and says so in plain text", async () => {
    const run = fixture.path("run");
    const { code, out, err } = await lowrank([...shortRun(fixture, run, 40), "--patience", "3"]);
    // What became of the validation, and nothing else.
    expect(err).toMatch(
      /^[^\n]*data\.csv: a fifth of the 32 training examples is too few to choose a step \(6\), .*--validation-split 0\.2\)\n$/,
    );
    expect(code).toBe(0);
    expect(readdirSync(run).sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "head.safetensors",
      "labels.json",
      "loss.svg",
      "report.json",
    ]);
    // eslint-disable-next-line no-control-regex -- what must not be there: colours and redrawn lines
    expect(out).not.toMatch(/[\u001b\r]/);
    for (const line of [
      /majority class +\d+\.\d %/,
      /head only +\d/,
      /head and adapter +\d/,
      /train +40\/40 +loss/,
      /Try next/,
    ]) {
      expect(out).toMatch(line);
    }
    const report = json(fixture.path("run", "report.json"));
    expect(report.steps).toHaveLength(40);
    expect(Object.keys(report.steps[0])).toEqual(
      expect.arrayContaining(["loss", "learningRate", "gradNorm", "milliseconds", "tokens"]),
    );
    expect(report.data).toMatchObject({
      labels: ["bad", "good"],
      train: { examples: 32 },
      validation: { examples: 0 },
      test: { examples: 8 },
    });
    expect(out).toMatch(/^8 test texts +accuracy/m);
    expect(["adapter", "head-only"]).toContain(report.result.recommended);
    expect(report.engine).toMatchObject({ node: process.versions.node });
    expect(report.result.after.accuracy).toBeGreaterThanOrEqual(report.result.before.accuracy);
    expect(report.result.headOnly.count).toBe(8);
    expect(report.training.tokens).toBe(
      report.steps.reduce((sum: number, { tokens }: { tokens: number }) => sum + tokens, 0),
    );
    const adapter = readAdapter(readFileMap(run, ["adapter_config.json", "adapter_model.safetensors"]));
    expect([...adapter.layers.keys()]).toHaveLength(6);
    expect(adapter.config).toMatchObject({ r: 8, loraAlpha: 16 });
    expect(readSafetensors(bytes(fixture.path("run", "head.safetensors"))).info("weight").shape).toEqual([2, 32]);
    expect(readFileSync(fixture.path("run", "loss.svg"), "utf8")).toMatch(/^<svg [^]*learning rate[^]*<\/svg>\n$/);
  });

  it("starts from a fitted head, unless the recipe says otherwise", async () => {
    const weak = ["--rank", "1", "--alpha", "0.0000000001", "--head-learning-rate", "0.0000000001"];
    expect((await lowrank([...shortRun(fixture, fixture.path("zero"), 10), ...weak])).code).toBe(0);
    // With an adapter too weak to matter, and a head that hardly moves, what is measured is where training started.
    const { result, settings } = json(fixture.path("zero", "report.json"));
    expect(settings).toMatchObject({ recipe: "default", headLearningRate: 1e-10 });
    expect(result.after.loss).toBeLessThan(result.before.loss);
    expect(result.headOnly.loss).toBeLessThan(result.before.loss - 0.1);
    expect(result.largestClass).toBe(0.5);

    const peft = [...shortRun(fixture, fixture.path("peft"), 10), ...weak, "--recipe", "peft"];
    expect((await lowrank(peft)).code).toBe(0);
    const other = json(fixture.path("peft", "report.json")).result;
    expect(other.headOnly).toEqual(result.headOnly);
    expect(other.after.loss).toBeCloseTo(result.before.loss, 5);
  });

  it("fits the head alone on request, which the other commands use", async () => {
    const run = fixture.path("runs", "head");
    const { model, data } = fixture;
    const args = ["finetune", "--model", model, "--data", data, "--out", run, "--head-only"];
    const { code, out, err } = await lowrank(args);
    expect([code, err]).toEqual([0, ""]);
    expect(readdirSync(run).sort()).toEqual(["head.safetensors", "labels.json", "report.json"]);
    expect(json(join(run, "labels.json")).adapter).toBe(false);
    expect(out).toMatch(/adapter +none, only the head: 66 parameters/);
    expect(out).toMatch(/head only +\d+\.\d % .*points over the majority-class baseline/);
    expect(out).not.toMatch(/head and adapter|loss\.svg|merge|PEFT/);
    const report = json(join(run, "report.json"));
    expect(report.steps).toEqual([]);
    expect(report.result.after).toEqual(report.result.headOnly);
    expect(report.parameters).toEqual({ adapter: 0, head: 66 });

    const told = await lowrank(["evaluate", "--run", run, "--json"]);
    expect(JSON.parse(told.out).accuracy).toBe(report.result.after.accuracy);
    const { text } = examples[0]!;
    const predicted = await lowrank(["predict", "--run", run, "--json", text]);
    expect(JSON.parse(predicted.out)).toMatchObject({ text, label: examples[0]!.label });
    expect((await lowrank(["predict", "--run", run, "--model", model, text])).code).toBe(0);
    // A damaged file is named with its folder.
    const head = bytes(join(run, "head.safetensors"));
    await writeFile(join(run, "head.safetensors"), head.subarray(0, 90));
    expect((await lowrank(["predict", "--run", run, text])).err).toContain(`${run}: head.safetensors`);
    await expect(TextClassifier.open(run, { model })).rejects.toThrow(`${run}: head.safetensors`);
    await writeFile(join(run, "head.safetensors"), head);
    // It is a finished run: another may not take its place.
    expect((await lowrank(args)).err).toMatch(/has a finished run/);
    // An adapter that was lost is no head alone.
    await writeFile(join(run, "labels.json"), JSON.stringify({ ...json(join(run, "labels.json")), adapter: true }));
    expect((await lowrank(["predict", "--run", run, text])).err).toMatch(/adapter_config\.json/);
  });

  it("says before training that few examples of each label may need no adapter, and saves the head-only model beside", async () => {
    const run = fixture.path("few");
    const few = fixture.path("few.csv");
    await writeFile(
      few,
      `text,label\n${examples
        .slice(0, 30)
        .map(({ text, label }) => `"${text}",${label}\n`)
        .join("")}`,
    );
    const args = [...shortRun(fixture, run), "--data", few, "--test", fixture.data, "--allow", "test-in-training"];
    const { code, out } = await lowrank(args);
    expect(code).toBe(0);
    const command =
      /^note +30 examples of 2 labels are few: .*saves it, in \S*few\/head-only, .*\n +\S.*(finetune .*--head-only)$/m.exec(
        out,
      )!;
    expect(out.indexOf(command[0])).toBeLessThan(out.indexOf("12/12"));
    expect(out).toMatch(/^ +head-only +the head-only model/m);
    const alone = fixture.path("alone");
    const named = command[1]!.split(" ");
    expect((await lowrank([...named, "--out", alone])).code).toBe(0);
    const head = (folder: string) => readFile(join(folder, "head.safetensors"));
    expect(await head(join(run, "head-only"))).toEqual(await head(alone));
    const said = async (folder: string) => (await lowrank(["predict", "--run", folder, "a fine film"])).out;
    expect(await said(join(run, "head-only"))).toBe(await said(alone));
    // The run's own files are those that it has without.
    const many = await lowrank([...shortRun(fixture, fixture.path("many"))]);
    expect(many.out).not.toMatch(/labels are few/);
    expect(readdirSync(fixture.path("many"))).not.toContain("head-only");
  });

  it("--test-split 0 measures on the examples that chose the step, and says so", async () => {
    const { code, out, err } = await lowrank([
      ...shortRun(fixture, fixture.path("one"), 20),
      "--patience",
      "3",
      "--test-split",
      "0",
    ]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /keeps +the step with the lowest validation loss, measured every 2 steps; the run ends after 3 in a row/,
    );
    expect(out).toMatch(/^8 validation texts +accuracy/m);
    expect(out).toMatch(/The step was chosen on the same texts, so this result is too good/);
  });

  it("tells of data that end the run once, with what to do", async () => {
    const { code, out, err } = await lowrank([...shortRun(fixture, fixture.path("twice"), 3), "--test", fixture.data]);
    expect(code).toBe(1);
    expect(`${out}${err}`.match(/the test examples are the training examples/g)).toHaveLength(1);
    expect(err).toMatch(/to train all the same: --allow same-file/);
    const allowed = await lowrank([
      ...shortRun(fixture, fixture.path("allowed"), 20),
      "--test",
      fixture.data,
      "--allow",
      "same-file",
      "--patience",
      "3",
    ]);
    expect([allowed.code, allowed.err]).toEqual([0, expect.stringContaining("too few to choose a step")]);
    expect(allowed.out).toMatch(/stop +the test examples are the training examples/);
  });

  it("names the column of groups that was meant, and the option that drops repeated texts", async () => {
    const args = [...shortRun(fixture, fixture.path("grouped"), 3), "--group", "Label"];
    expect((await lowrank(args)).err).toMatch(/data\.csv has no column "Label": .*did you mean "label"\?/);
    const twice = fixture.path("repeated.csv");
    await writeFile(twice, `${readFileSync(fixture.data, "utf8")}"${examples[0]!.text}",${examples[0]!.label}\n`);
    const given = (out: string) =>
      shortRun({ ...fixture, data: twice }, fixture.path(out), 3).concat("--test-split", "0");
    expect((await lowrank(given("kept"))).out).toMatch(/remove it \(--drop-duplicates\)|is also in the training data/);
    const { code, err } = await lowrank([...given("dropped"), "--drop-duplicates"]);
    expect([code, err]).toEqual([0, `${twice}: a text that repeats an earlier one is removed\n`]);
  });

  it("refuses options of an adapter beside --head-only", async () => {
    const { code, err } = await lowrank([...shortRun(fixture, fixture.path("none"), 3), "--head-only"]);
    expect(code).not.toBe(0);
    expect(err).toMatch(/'--head-only' cannot be used with option '--(steps|batch-size|learning-rate)/);
  });

  it("goes on from a checkpoint to the same bits, dropout and all", async () => {
    const options = (out: string) => [
      ...shortRun(fixture, fixture.path(out), 60),
      "--dropout",
      "0.2",
      "--schedule",
      "linear",
    ];
    expect((await lowrank(options("whole"))).code).toBe(0);

    const interrupt = new AbortController();
    const onOutput = (text: string) => /train +3\d\/60/.test(text) && interrupt.abort();
    const stopped = await lowrank(options("halves"), { signal: interrupt.signal, onOutput });
    expect(stopped.code).toBe(130);
    expect(stopped.err).toMatch(
      /Stopped after step 3\d; the checkpoint is in .*halves\. To continue:\n +lowrank finetune --resume .*halves/,
    );
    expect(readdirSync(fixture.path("halves"))).toEqual([
      "checkpoint.history.jsonl",
      "checkpoint.safetensors",
      "run.json",
    ]);

    const resumed = await lowrank(["finetune", "--resume", fixture.path("halves")]);
    expect(resumed.code).toBe(0);
    expect(resumed.out).toMatch(/Continuing after step 3\d of 60/);
    expect(existsSync(fixture.path("halves", "checkpoint.safetensors"))).toBe(false);
    for (const file of ["adapter_model.safetensors", "adapter_config.json", "head.safetensors", "labels.json"]) {
      expect(bytes(fixture.path("halves", file)).equals(bytes(fixture.path("whole", file))), file).toBe(true);
    }
    const [whole, halves] = [json(fixture.path("whole", "report.json")), json(fixture.path("halves", "report.json"))];
    expect(halves.result).toEqual(whole.result);
    const losses = (report: { steps: { loss: number; gradNorm: number }[] }) =>
      report.steps.map(({ loss, gradNorm }) => [loss, gradNorm]);
    expect(losses(halves)).toEqual(losses(whole));
  });

  it("refuses to resume with other settings, other data or a finished run", async () => {
    const data = fixture.path("other.csv");
    await writeFile(data, readFileSync(fixture.data));
    const run = fixture.path("partial");
    const interrupt = new AbortController();
    const onOutput = (text: string) => /train +6\/40/.test(text) && interrupt.abort();
    const args = shortRun({ ...fixture, data }, run, 40).concat("--no-baseline");
    expect((await lowrank(args, { signal: interrupt.signal, onOutput })).code).toBe(130);
    expect((await lowrank(["finetune", "--resume", run, "--rank", "4"])).err).toMatch(
      /got --rank 4, the run has 8; omit the option/,
    );
    expect((await lowrank(args)).err).toMatch(/has an unfinished run: continue it with --resume/);
    await writeFile(data, `${readFileSync(fixture.data, "utf8")}"one more good film",good\n`);
    expect((await lowrank(["finetune", "--resume", run])).err).toMatch(/other\.csv changed since it began/);
    await writeFile(data, readFileSync(fixture.data));
    const tokenizer = join(fixture.model, "tokenizer.json");
    const text = readFileSync(tokenizer, "utf8");
    await writeFile(tokenizer, text.replace('"lowercase":true', '"lowercase":false'));
    expect((await lowrank(["finetune", "--resume", run])).err).toMatch(/configuration or tokenizer\) changed since/);
    await writeFile(tokenizer, text);
    const { code, out } = await lowrank(["finetune", "--resume", run, "--json", "--quiet"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ run, result: { headOnly: { count: 8 } }, training: { steps: 40 } });
    expect((await lowrank(["finetune", "--resume", run])).err).toMatch(
      /this run is finished, there is nothing to resume/,
    );
  });

  it("keeps the output for JSON, and everything else on the error stream", async () => {
    const { code, out, err } = await lowrank([...shortRun(fixture, fixture.path("json")), "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      settings: { rank: 8, seed: 0, steps: 12 },
      data: { labels: ["bad", "good"] },
    });
    expect(err).toMatch(/head and adapter/);
  });
});

describe("the loss curve", () => {
  it("is a picture of one step, of many, and of a title with any characters", () => {
    const steps = Array.from({ length: 5000 }, (_, step) => ({
      step,
      loss: 1 / (1 + step),
      learningRate: 0,
      gradNorm: 1,
      milliseconds: 1,
      tokens: 1,
    }));
    for (const count of [0, 1, 3, 5000]) {
      const picture = lossCurve(steps.slice(0, count), { title: `<a & "b">`, subtitle: "c", classes: 3 });
      expect(picture).not.toMatch(/NaN|Infinity|undefined/);
      expect(picture).toContain("&lt;a &amp; &quot;b&quot;&gt;");
      expect(picture.length).toBeLessThan(70_000);
    }
  });
});
