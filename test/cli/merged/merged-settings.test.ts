import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CrossEncoder, SentenceEncoder } from "../../../ts/entry/node.js";
import { answered, encoders, output, rerankers, TinyRuns } from "../tiny-runs.js";

let runs: TinyRuns;
beforeAll(async () => void (runs = await TinyRuns.make()));
afterAll(() => runs?.remove());

// What a run says beside its weights: it is in files of its folder that the base lacks, or has with other values.

const last = ["--steps", "4", "--batch-size", "8", "--learning-rate", "0.005", "--validation-split", "0"];
const texts = ["where is the garden", "the garden is at 4 and the river is at 5 and the meadow is at 6"];

/** A run, merged and at a larger rank. */
async function copies(run: string) {
  const [merged, resized] = [`${run}-merged`, `${run}-resized`];
  await output(["merge", run, "--out", merged]);
  await output(["resize", run, "--rank", "12", "--out", resized]);
  return { merged, resized };
}

describe.each(
  ["BERT", "EuroBERT", "Qwen3-Embedding", "EmbeddingGemma"].map((name) => [name, encoders[name]!] as const),
)("a run on %s", (name, place) => {
  it("keeps its prompts and its maximum length, merged and at another rank", { timeout: 60_000 }, async () => {
    const model = await runs.model(place);
    const settings = ["--query-prompt", "find: ", "--document-prompt", "read: ", "--max-tokens", "12"];
    const run = await runs.trained("pairs", model, `pairs-${name}`, ...last, ...settings);
    const { merged, resized } = await copies(run);
    using here = await SentenceEncoder.load(run, { model });
    using whole = await SentenceEncoder.load(merged);
    using other = await SentenceEncoder.load(resized, { model });
    const expected = await here.encodeQuery(texts);
    expect(expected).not.toEqual(await here.encode(texts, { prompt: "" }));
    for (const one of [whole, other]) {
      expect(one.tokenize(texts)).toEqual(here.tokenize(texts));
      const found = await one.encodeQuery(texts);
      found.forEach((row, i) => row.forEach((x, j) => expect(Math.abs(x - expected[i]![j]!)).toBeLessThan(0.02)));
    }
  });
});

describe.each([
  ["BERT", encoders["BERT"]!],
  ["EuroBERT", encoders["EuroBERT"]!],
  ["Qwen3-Reranker", rerankers["Qwen3-Reranker"]!],
])("a reranker on %s", (name, place) => {
  it("keeps its scores, merged and at another rank, and commands know what it is", { timeout: 60_000 }, async () => {
    const model = await runs.model(place);
    // Scores without a sigmoid: the activation is not the default of a model with one score.
    const run = await runs.trained("rank", model, `rank-${name}`, ...last, "--loss", "mse");
    const { merged, resized } = await copies(run);
    using here = await CrossEncoder.load(run, { model });
    expect(here.activation).toBe("identity");
    const pairs = texts.map((text) => ["where is the garden", text] as const);
    const expected = await here.predict(pairs);
    for (const from of [
      ["--run", run],
      ["--run", resized],
      ["--run", merged],
      ["--model", merged],
    ]) {
      const lines = (await output(["predict", "--json", ...from, "where is the garden", ...texts])).split("\n");
      const scores = lines.map((line) => (JSON.parse(line) as { score: number }).score);
      scores.forEach((score, i) => expect(Math.abs(score - expected[i]!)).toBeLessThan(0.02));
      const measured = await answered(["evaluate", ...from, "--data", runs.dataOf("rank"), "--json"]);
      expect(measured["ndcg@10"]).toEqual(expect.any(Number));
    }
  });
});
