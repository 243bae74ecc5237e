import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CrossEncoder, readSafetensors, SentenceEncoder } from "../../../ts/entry/node.js";
import { csvOf } from "../../jobs/tiny-job.js";
import { lowrank, project } from "../fixture.js";
import {
  type Answer,
  answered,
  encoders,
  golden,
  layered,
  output,
  rerankers,
  short,
  type Task,
  TinyRuns,
  words,
} from "../tiny-runs.js";

const languageModels: Readonly<Record<string, readonly string[]>> = {
  Llama: ["llama"],
  Mistral: ["mistral", "ministral3"],
  Qwen2: ["qwen2"],
  Qwen3: ["qwen3"],
  "Qwen3.5": ["qwen3_5"],
  "Gemma 2": ["gemma2", "vaultgemma"],
  "Gemma 3": ["gemma3_text"],
  "Gemma 4": ["gemma4_text"],
  Granite: ["granite", "granite4"],
  LFM2: ["lfm2"],
  "Phi-3": ["phi3"],
  SmolLM3: ["smollm3"],
  "OLMo 2": ["olmo2"],
  "GPT-NeoX": ["gpt_neox"],
  "GPT-2": ["gpt2"],
  "experts of Granite": ["granitemoe", "granitemoeshared"],
  "experts of Qwen3": ["qwen3_moe"],
  "experts of OLMoE": ["olmoe"],
  "experts of LFM2": ["lfm2_moe"],
};

let runs: TinyRuns;
beforeAll(async () => void (runs = await TinyRuns.make()));
afterAll(() => runs?.remove());

/** Expects equal values, numbers within the rounding of a merge into 16 bits. */
function near(found: unknown, expected: unknown): void {
  if (typeof expected === "number") return expect(Math.abs((found as number) - expected)).toBeLessThan(0.02);
  if (typeof expected !== "object" || expected === null) return expect(found).toEqual(expected);
  expect(Object.keys(found as object)).toEqual(Object.keys(expected));
  for (const [key, value] of Object.entries(expected)) near((found as Answer)[key], value);
}

describe("the README's table", () => {
  const cells = (row: string) =>
    new RegExp(`^\\| ${row} \\| (.*?) \\|`, "m").exec(readFileSync(join(project, "README.md"), "utf8"))![1]!;

  it("names the encoders that are trained here, and no other", () => {
    const names = cells("Encoders")
      .replace("and as a reranker ", "")
      .split(/,\s|;\s|\sand\s/);
    expect(names.sort()).toEqual([...Object.keys(encoders), ...Object.keys(rerankers)].sort());
  });

  it("names the language models that are trained here, and no other", () => {
    const listed = (text: string) => text.split(/,\s|\sand\s/);
    const [plain, experts] = cells("Language models")
      .replace("Gemma 2, 3 and 4", "Gemma 2, Gemma 3, Gemma 4")
      .replace(", from safetensors or GGUF", "")
      .split("; mixtures of experts of ");
    const names = [...listed(plain!), ...listed(experts!).map((name) => `experts of ${name}`)];
    expect(names.sort()).toEqual(Object.keys(languageModels).sort());
  });

  it("leaves out no model type that the library knows", async () => {
    const unknown = { "config.json": new TextEncoder().encode('{ "model_type": "none" }') };
    const { message } = await SentenceEncoder.load(unknown).then(
      () => new Error(),
      (error: Error) => error,
    );
    const known = [...message.slice(message.indexOf(";")).matchAll(/"(\w[\w-]*)"/g)].map(([, type]) => type!);
    const typeOf = (place: string) =>
      (JSON.parse(readFileSync(join(golden(place), "config.json"), "utf8")) as { model_type: string }).model_type;
    const places = [...Object.values(encoders), ...Object.values(rerankers)];
    const decoders = Object.values(languageModels).flat();
    const tried = new Set([...places, ...decoders.map((name) => `decoders/${name}`)].map(typeOf));
    // Other names of the same: of Mistral's code, and of models that read images too, whose part for text this is.
    const same = ["gemma4", "ministral", "qwen3_5"];
    expect(known.filter((type) => !tried.has(type))).toEqual(same);
  });
});

describe("the command", () => {
  it.each(Object.entries(encoders))("trains, measures and uses %s", { timeout: 60_000 }, async (_, place) => {
    const run = await runs.trained("classify", await runs.model(place), `classify-${place}`);
    const { accuracy } = await answered(["evaluate", "--run", run, "--data", runs.dataOf("classify"), "--json"]);
    expect(accuracy).toBeGreaterThanOrEqual(0);
    expect(await answered(["predict", "--run", run, "--json", "the garden is good"])).toMatchObject({
      label: expect.stringMatching(/^(good|bad)$/),
    });
  });

  it.each(Object.values(languageModels).flat())("trains the language model %s", { timeout: 60_000 }, async (name) => {
    const run = await runs.trained("text", await runs.model(`decoders/${name}`), `text-${name}`);
    const { names } = readSafetensors(readFileSync(join(run, "adapter_model.safetensors")));
    expect(names.length).toBeGreaterThan(0);
  });
});

describe.each(layered)("%s", (_, place) => {
  it.each<[Task, string, ...string[]]>([
    ["classify", "accuracy", "--head-only"],
    ["multi-label", "f1Micro"],
    ["multi-label", "f1Micro", "--head-only"],
    ["regress", "spearman"],
    ["regress", "spearman", "--head-only"],
    ["tokens", "f1"],
    ["pairs", "ndcg@10", "--steps", "8", "--learning-rate", "0.01"],
  ])("trains %s, and merged it answers alike", { timeout: 60_000 }, async (task, metric, ...more) => {
    const name = [task, ...more].join("").concat("-", place.replace("/", "-"));
    const run = await runs.trained(task, await runs.model(place), name, ...more);
    const measured = await answered(["evaluate", "--run", run, "--data", runs.dataOf(task), "--json"]);
    expect(measured[metric]).toEqual(expect.any(Number));
    const ask = task === "pairs" ? ["embed", "--adapter"] : ["predict", "--json", "--run"];
    const before = await output([...ask, run, "the garden is good"]);
    if (more.includes("--head-only")) return expect(before).not.toBe("");
    await output(["merge", run, "--out", runs.at(`${name}-merged`)]);
    const merged = task === "pairs" ? ["embed", "--model"] : ["predict", "--json", "--model"];
    const after = await output([...merged, runs.at(`${name}-merged`), "the garden is good"]);
    near(JSON.parse(after), JSON.parse(before));
  });
});

describe("Qwen3-Reranker", () => {
  const tea = ["where is the garden", "the garden is at 4", "the engine is at 2"];
  const scores = async (from: readonly string[]) =>
    (await output(["predict", "--json", ...from, ...tea]))
      .split("\n")
      .map((line) => (JSON.parse(line) as Answer)["score"]);

  it(
    "trains as a reranker, resumed too, and answers alike from its run, loaded and merged",
    { timeout: 120_000 },
    async () => {
      const model = await runs.model(rerankers["Qwen3-Reranker"]!);
      const straight = await runs.trained("rank", model, "rank");
      const reportOf = (folder: string) =>
        JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as {
          result: { yardsticks: object };
          steps: { loss: number }[];
        };
      const report = reportOf(straight);
      expect(Object.keys(report.result.yardsticks)).toEqual(["start"]);
      const measured = await answered(["evaluate", "--run", straight, "--data", runs.dataOf("rank"), "--json"]);
      expect(measured["ndcg@10"]).toEqual(expect.any(Number));

      const stop = new AbortController();
      const out = runs.at("rank-resumed");
      const { code } = await lowrank(
        ["finetune", "--task", "rank", "--model", model, "--data", runs.dataOf("rank"), "--out", out, ...short],
        { signal: stop.signal, onOutput: (text) => /train +1\/2/.test(text) && stop.abort() },
      );
      expect(code).toBe(130);
      await output(["finetune", "--resume", out]);
      const losses = (folder: string) => reportOf(folder).steps.map(({ loss }) => loss);
      expect(losses(out)).toEqual(losses(straight));
      const weights = (folder: string) => readFileSync(join(folder, "adapter_model.safetensors"));
      expect(weights(out).equals(weights(straight))).toBe(true);

      const before = await scores(["--run", straight]);
      using loaded = await CrossEncoder.load(straight);
      const [query, ...others] = tea as [string, string, string];
      expect(await loaded.predict(others.map((text): [string, string] => [query, text]))).toEqual(before);
      await output(["merge", straight, "--out", runs.at("rank-merged")]);
      using merged = await CrossEncoder.load(runs.at("rank-merged"));
      near(await merged.predict(others.map((text): [string, string] => [query, text])), before);
    },
  );

  it("has one score, so classes are refused by name before training", async () => {
    const model = await runs.model(rerankers["Qwen3-Reranker"]!);
    const rows = words.map((word, i) => ({
      premise: word,
      hypothesis: `the ${word}`,
      label: i % 2 === 0 ? "yes" : "no",
    }));
    await writeFile(runs.at("classes.csv"), csvOf(rows));
    const { code, err } = await lowrank([
      "finetune",
      "--task",
      "rank",
      "--model",
      model,
      "--data",
      runs.at("classes.csv"),
      "--out",
      runs.at("rank-classes"),
      ...short,
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(
      /qwen3_reranker is a language model, whose answer is one score, and the data have the classes no, yes/,
    );
  });
});
