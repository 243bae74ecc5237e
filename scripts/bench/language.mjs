// node scripts/bench/language.mjs FILE.gguf [--threads=1] [--rounds=3] [--tokens=0] [--steps=0] [--adapters=8]
// A language model from a GGUF file, after `npm run build`: milliseconds from its bytes to the first token; tokens a second of several
// texts with an adapter each, in one batch and call after call; a training step of 2 × 48 tokens, all linear layers. The best of the
// rounds. With --tokens and --steps, what linear memory is held on the way through as many generated tokens and training steps.
import { openAsBlob } from "node:fs";
import { blobSource, CausalLanguageModel, engineInfo, ggufSource, init } from "../../dist/node.js";

const [file, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(rest.map((argument) => argument.replace(/^--/, "").split("=")));
const [threads, rounds, tokens, steps, adapters] = [
  ...["threads", "rounds", "tokens", "steps", "adapters"].map((name, i) => Number(options[name] ?? [1, 3, 0, 0, 8][i])),
];
const [NEW, ROW] = [24, 48];

await init({ threads });
const blob = await openAsBlob(file);
const load = async () => CausalLanguageModel.load(await ggufSource(() => blobSource(blob)), { weights: "auto" });
console.log(`${engineInfo().build}, Node ${process.versions.node}, ${threads} threads`);

const firstToken = await best(async () => {
  const model = await load();
  for await (const _ of model.generate("The capital of France is", { maxTokens: 1 }));
  return () => model.dispose();
});
console.log(`bytes to first token: ${firstToken.toFixed(0)} ms`);

const model = await load();
const prompts = Array.from({ length: adapters }, (_, i) => ids(16, i));
const names = prompts.map((_, i) => `a${i}`);
for (const name of names) model.addAdapter(name, { rank: 8, targetModules: "all-linear" });
const asked = { maxTokens: NEW, ignoreEnd: true, logProbabilities: false };
const requests = prompts.map((prompt, i) => ({ prompt, adapter: names[i], ...asked }));
const together = await best(async () => {
  for await (const _ of model.generateBatch(requests));
});
const apart = await best(async () => {
  for (const [i, prompt] of prompts.entries())
    for await (const _ of model.generateTokens(prompt, { adapter: names[i], ...asked }));
});
const rate = (time) => ((1000 * adapters * NEW) / time).toFixed(1);
console.log(
  `${adapters} adapters: ${rate(together)} tokens/s in a batch, ${rate(apart)} call after call: ${(apart / together).toFixed(2)} ×`,
);

const examples = [0, 1].map((i) => ({ ids: ids(ROW, i), mask: new Uint8Array(ROW).fill(1) }));
const fit = (count) => model.fit(examples, { adapter: "a0", steps: count, batchSize: 2, learningRate: 1e-5 });
const report = await fit(rounds + 2);
const step = Math.min(...report.steps.slice(2).map(({ milliseconds }) => milliseconds));
console.log(`training step of 2 × ${ROW} tokens: ${step.toFixed(0)} ms`);

const held = () =>
  `${(engineInfo().memory.used / 1e6).toFixed(2)} MB used, ${(engineInfo().memory.reserved / 1e6).toFixed(1)} reserved`;
if (tokens > 0) {
  const length = model.model.config.maxPositions - 16;
  for (let made = 0; made < tokens;) {
    for await (const _ of model.generateTokens(ids(16, 0), {
      maxTokens: Math.min(length, tokens - made),
      ignoreEnd: true,
      logProbabilities: false,
    }))
      made++;
    console.log(`${made} tokens: ${held()}`);
  }
}
if (steps > 0) {
  for (let done = 0; done < steps; done += 250) {
    await fit(Math.min(250, steps - done));
    console.log(`${Math.min(done + 250, steps)} steps: ${held()}`);
  }
}
model.dispose();

function ids(count, first) {
  return Int32Array.from({ length: count }, (_, i) => 100 + (((i + 37 * first) * 977) % 40000));
}

/** Milliseconds of the fastest round; what `run` gives is called after its time. */
async function best(run) {
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const after = await run();
    least = Math.min(least, performance.now() - start);
    after?.();
  }
  return least;
}
