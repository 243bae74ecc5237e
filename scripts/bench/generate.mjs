// node scripts/bench/generate.mjs FILE.gguf [--threads=1] [--rounds=3] [--text=FILE]
// A language model from a GGUF file, after `npm run build`: milliseconds to load it, tokens a second of a prompt of 128 tokens and
// of the 32 behind them (without their log probabilities, as `generate`), the best of the rounds, with products rounded to bytes and
// with exact ones. With --text, what rounding costs on it, in windows of 256 tokens: mean loss of both, tokens of which both find the
// same one likeliest, Kullback–Leibler divergence.
import { readFileSync } from "node:fs";
import { bytesSource, CausalLanguageModel, engineInfo, ggufSource, init } from "../../dist/node.js";

const [file, ...rest] = process.argv.slice(2);
const options = Object.fromEntries(rest.map((argument) => argument.replace(/^--/, "").split("=")));
const { threads = "1", rounds = "3", text } = options;
const [PROMPT, BEHIND, WINDOW, MOST] = [128, 32, 256, 1024];
const LIMITS = { maxTokens: BEHIND + 1, ignoreEnd: true, logProbabilities: false };

await init({ threads: Number(threads) });
const bytes = readFileSync(file);
const start = performance.now();
const model = await CausalLanguageModel.load(await ggufSource(() => bytesSource(bytes)), { weights: "auto" });
console.log(`${engineInfo().build}, Node ${process.versions.node}, ${threads} threads: loaded in ${ms(start)} ms`);
const vocabulary = model.model.config.vocabularySize;
const prompt = Int32Array.from({ length: PROMPT }, (_, i) => 100 + ((i * 977) % (vocabulary - 100)));
for (const rounded of [true, false]) {
  let [prefill, generation] = [Infinity, Infinity];
  for (let round = 0; round < Number(rounds); round++) {
    const asked = performance.now();
    let first = 0;
    for await (const _ of model.generateTokens(prompt, { ...LIMITS, rounded })) first ||= performance.now();
    prefill = Math.min(prefill, first - asked);
    generation = Math.min(generation, performance.now() - first);
  }
  const rate = (tokens, time) => ((1000 * tokens) / time).toFixed(1);
  const name = rounded ? "rounded" : "exact";
  console.log(`${name}: prompt ${rate(PROMPT, prefill)} tokens/s, generation ${rate(BEHIND, generation)} tokens/s`);
}
if (text !== undefined) await compare(model.tokenizer.encode(readFileSync(text, "utf8")).subarray(0, MOST));
model.dispose();

async function compare(ids) {
  const total = { tokens: 0, exact: 0, rounded: 0, same: 0, divergence: 0 };
  for (let at = 0; at + WINDOW <= ids.length; at += WINDOW) {
    const piece = ids.subarray(at, at + WINDOW);
    const exact = (await model.logits(piece)).data;
    model.graph.rounding = true;
    const rounded = (await model.logits(piece)).data;
    model.graph.rounding = false;
    for (let t = 0; t + 1 < WINDOW; t++) {
      const [a, b] = [exact, rounded].map((logits) =>
        logProbabilities(logits.subarray(t * vocabulary).subarray(0, vocabulary)),
      );
      const next = piece[t + 1];
      total.tokens++;
      total.exact -= a[next];
      total.rounded -= b[next];
      total.same += likeliest(a) === likeliest(b) ? 1 : 0;
      total.divergence += a.reduce((sum, value, i) => sum + Math.exp(value) * (value - b[i]), 0);
    }
  }
  const mean = (value) => (value / total.tokens).toFixed(4);
  const { tokens, exact, rounded, same, divergence } = total;
  console.log(
    `${tokens} tokens: loss ${mean(exact)} exact, ${mean(rounded)} rounded; same likeliest ${mean(same)}, KL ${mean(divergence)}`,
  );
}

function logProbabilities(logits) {
  const most = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const log = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - most), 0)) + most;
  return Float64Array.from(logits, (value) => value - log);
}

function likeliest(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

function ms(since) {
  return Math.round(performance.now() - since);
}
