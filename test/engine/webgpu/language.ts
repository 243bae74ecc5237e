import { CausalLanguageModel, type Engine } from "../../../ts/index.js";
import { ContinuousBatch } from "../../../ts/models/language/batch/continuous-batch.js";
import { takeRequest } from "../../../ts/models/language/prompts.js";
import type { Checkpoint } from "../../../ts/train/fit-options.js";
import { type Counting, filesOf } from "./model-files.js";
import { recordErrors } from "./recorded-errors.js";

// Language models in the page: loopback serves the golden ones.

const MODEL = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"];
const goldenDecoder = (name: string) => filesOf(`/test/golden/decoders/${name}`, MODEL);

const PROMPT = [1, 54, 263, 304, 278, 260, 262, 87, 80, 80, 91];
const EXAMPLES = [
  { prompt: "The film", completion: " is warm and touching" },
  { prompt: "A", completion: " cold story" },
  { text: "It was a fine end" },
  { text: "The music was quite poor" },
];

/** What models of some families compute: logits, greedy and sampled tokens, losses; and that disposing frees everything. */
export async function generateGolden(
  engine: Engine,
  names: readonly string[],
  formats: readonly ("f32" | "q8" | "q4")[],
) {
  const { used } = engine.info.memory;
  const found: Record<string, { numbers: number[][]; tokens: number[][]; counted: Record<string, number>[] }> = {};
  for (const name of names)
    for (const weights of formats) {
      const model = await CausalLanguageModel.load(await goldenDecoder(name), { engine, weights });
      const counted: Record<string, number>[] = [];
      const tokensOf = async (prompt: readonly number[], options: object) => {
        const ids: number[] = [];
        // Products that round their input are of WASM alone.
        for await (const { id } of model.generateTokens(prompt, { ...options, ignoreEnd: true, rounded: false })) {
          ids.push(id);
          counted.push({ ...(engine as Counting).counts });
        }
        return ids;
      };
      found[`${name} ${weights}`] = {
        numbers: [
          [...(await model.logits(PROMPT)).data],
          [(await model.perplexity([PROMPT], { window: 8 })).loss],
          (await model.score(PROMPT.slice(0, 4), [PROMPT.slice(4), [5, 6]])).map(
            ({ logProbability }) => logProbability,
          ),
        ],
        tokens: [
          await tokensOf(PROMPT, { maxTokens: 5 }),
          await tokensOf([1], { maxTokens: 3, temperature: 1, seed: 2 }),
        ],
        counted,
      };
      model.dispose();
    }
  return { found, bytesLeft: engine.info.memory.used - used };
}

/** Tokens and their log probabilities with keys and values in 16 bits: of a text, of a session that continues it, and of two texts together. */
export async function generateWithHalves(engine: Engine) {
  const { used } = engine.info.memory;
  const model = await CausalLanguageModel.load(await goldenDecoder("llama"), { engine, cache: "f16" });
  const [ids, logs, dispatches]: [number[], number[], number[]] = [[], [], []];
  const note = async (tokens: AsyncIterable<{ readonly id: number; readonly logProbability: number }>) => {
    for await (const { id, logProbability } of tokens) {
      ids.push(id);
      logs.push(logProbability);
      dispatches.push((engine as Counting).counts?.["dispatches"] ?? 0);
    }
  };
  const options = { maxTokens: 4, ignoreEnd: true };
  await note(model.generateTokens(PROMPT, options));
  const session = model.session();
  await note(session.generateTokens(PROMPT.slice(0, 4), options));
  await note(session.generateTokens(PROMPT, options));
  await note(model.generateBatch([PROMPT, [1]].map((prompt) => ({ prompt, ...options }))));
  session.dispose();
  model.dispose();
  return { ids, logs, dispatches, bytesLeft: engine.info.memory.used - used };
}

/** An adapter's training: losses, norms, measurements, counts of each step; the adapter's file, resumed steps, and texts with it. */
export async function trainLanguage(engine: Engine, name: string) {
  const { used } = engine.info.memory;
  const model = await CausalLanguageModel.load(await goldenDecoder(name), { engine, seed: 3 });
  const lora = { rank: 2, alpha: 8, dropout: 0.1, targetModules: "all-linear" } as const;
  const counted: Record<string, number>[] = [];
  const checkpoints: Checkpoint[] = [];
  const shared = { steps: 4, batchSize: 2, learningRate: 1e-2, seed: 4 };
  model.addAdapter("trained", lora);
  const { steps, evaluation } = await model.fit(EXAMPLES, {
    ...shared,
    adapter: "trained",
    validation: EXAMPLES.slice(1, 3),
    evaluate: { every: 4 },
    checkpoint: { every: 3, save: (checkpoint) => void checkpoints.push(checkpoint) },
    onProgress: () => void counted.push({ ...(engine as Counting).counts }),
  });
  const { loss } = await model.evaluate(EXAMPLES.slice(1, 3), { adapter: "trained" });
  model.loadAdapter("reopened", model.saveAdapter("trained"));
  const reopened = (await model.evaluate(EXAMPLES.slice(1, 3), { adapter: "reopened" })).loss;
  model.addAdapter("resumed", lora);
  const { evaluation: _, ...checkpoint } = checkpoints[0]!;
  const resumed = await model.fit(EXAMPLES, { ...shared, adapter: "resumed", resume: checkpoint });
  const texts: number[] = [];
  const requests = ["trained", null].map((adapter) => ({ prompt: PROMPT, adapter, maxTokens: 2, ignoreEnd: true }));
  for await (const { id } of model.generateBatch(requests)) texts.push(id);
  const served = await servedTexts(model);
  model.dispose();
  return {
    served,
    losses: steps.map((step) => step.loss),
    norms: steps.map((step) => step.gradNorm),
    measured: [...evaluation!.measured.map(({ value }) => value), loss],
    loss,
    reopened,
    texts,
    counted,
    resumed: resumed.steps.map((step) => step.loss),
    bytesLeft: engine.info.memory.used - used,
  };
}

/** Texts as a server generates them: two begin alike, and the place of a third is given up in the middle of a pass. */
async function servedTexts(model: CausalLanguageModel): Promise<number[][]> {
  const batch = new ContinuousBatch(model, { maxTexts: 3, prefixBytes: 2 ** 16 });
  const begun = [PROMPT, [...PROMPT.slice(0, 9), 7], [1]].map((prompt) =>
    batch.add(takeRequest(model, "generateTokens", prompt, { maxTokens: 2, ignoreEnd: true }, {})),
  );
  const ids: number[][] = begun.map(() => []);
  const first = begun[0]!.next();
  begun[2]!.end();
  ids[0]!.push((await first)!.id);
  for (const [i, text] of begun.slice(0, 2).entries())
    for (let token = await text.next(); token !== null; token = await text.next()) ids[i]!.push(token.id);
  batch.close(new Error("the test is over"));
  return ids;
}

/** What language models cannot do on a GPU. */
export async function refusedLanguage(engine: Engine): Promise<Record<string, string>> {
  const { errors, note } = recordErrors(String);
  const { used } = engine.info.memory;
  for (const name of ["qwen3_5", "olmoe"])
    await note(name, async () => CausalLanguageModel.load(await goldenDecoder(name), { engine }));
  const model = await CausalLanguageModel.load(await goldenDecoder("llama"), { engine });
  await note("PiSSA", () => model.addAdapter("pissa", { initLoraWeights: "pissa" }));
  model.addAdapter("plain");
  const preference = { prompt: "The film", chosen: " is warm", rejected: " is cold" };
  await note("preferences", () => model.fitPreferences([preference], { steps: 1 }));
  await note("merging", () => model.mergeAdapter("plain"));
  model.dispose();
  errors["bytes left"] = String(engine.info.memory.used - used);
  return errors;
}
