// Trains an adapter of SmolLM2-135M-Instruct on short answers, and shows what the model says before and after.
// node examples/chat/train.mjs [seed …] : one run a seed, default 0; the first one's answers are shown, and its adapter is kept
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { CausalLanguageModel } from "lowrank";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
const [examples, heldOut] = [read("train.jsonl"), read("held-out.jsonl")];
const { steps, batchSize, rank, alpha, learningRate } = JSON.parse(readFileSync(new URL("recipe.json", import.meta.url), "utf8"));

// Of what is held out: none of these was learnt.
const questions = heldOut.map(({ messages }) => messages.slice(0, -1)).filter((_, i) => i % 9 === 0);

const model = await CausalLanguageModel.load("SmolLM2-135M-Instruct-GGUF", { weights: "auto" });
const show = async (title, adapter) => {
  console.log(`\n${title}`);
  for (const messages of questions) {
    let answer = "";
    for await (const piece of model.generate(messages, { adapter, maxTokens: 60 })) answer += piece;
    console.log(`  ${messages.at(-1).content}\n    ${answer.replaceAll("\n", " ")}`);
  }
};

const before = await model.evaluate(heldOut, { adapter: null });
const seeds = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [0];
for (const seed of seeds) {
  const name = `seed-${seed}`;
  model.addAdapter(name, { rank, alpha, targetModules: "all-linear" });
  const { seconds, peakMemory } = await model.fit(examples, {
    adapter: name, steps, batchSize, learningRate, seed,
    onProgress: ({ step, loss, secondsLeft }) =>
      process.stderr.write(`\rstep ${step + 1} of ${steps}, loss ${loss.toFixed(2)}, ${secondsLeft.toFixed(0)} s left   `),
  });
  process.stderr.write("\n");
  const after = await model.evaluate(heldOut, { adapter: name });
  console.log(
    `seed ${seed}: perplexity ${before.perplexity.toFixed(2)} before, ${after.perplexity.toFixed(2)} after; ` +
      `${seconds.toFixed(0)} s, ${(peakMemory / 1e6).toFixed(0)} MB`,
  );
  if (seed !== seeds[0]) continue;
  await show("before", null);
  await show("after", name);
  mkdirSync("runs/chat-example", { recursive: true });
  for (const [file, bytes] of Object.entries(model.saveAdapter(name))) writeFileSync(`runs/chat-example/${file}`, bytes);
  console.log("\nThe adapter is in runs/chat-example.");
}
model.dispose();
