// node bench/language/speculation.mjs [--threads 1] [--rounds 3] [--tokens 80] [--drafts 10] [--weights Q4_1], after `npm run build`:
// answers of SmolLM2-135M-Instruct with and without prompt lookup, in turn. Both give the same tokens, which is checked.
import { circumstances, loadModel, median, printTable, readOptions } from "../serve/options.mjs";

const { file, weights, threads, rounds, tokens, drafts } = readOptions({ tokens: 80, drafts: 10 });
const model = await loadModel(file, threads);

const report =
  "The river Elbe rises in the Giant Mountains in the north of the Czech Republic and flows into the North Sea near Cuxhaven. " +
  "The river Elbe is about 1,100 kilometres long, of which 700 kilometres are in Germany. Its largest tributaries are the Vltava, the Saale, " +
  "the Havel and the Mulde. The port of Hamburg, which is the largest port of Germany, is about 100 kilometres from the mouth of the river Elbe.";
const code =
  "function total(prices) {\n  let sum = 0;\n  for (const price of prices) {\n    sum += price;\n  }\n  return sum;\n}\n\n" +
  "function mean(prices) {\n  return total(prices) / prices.length;\n}";
const ask = (content) => [{ role: "user", content }];
const prompts = {
  summary: ask(`Summarise this text in two sentences.\n\n${report}`),
  "quoted facts": ask(`Which sentences of this text are about rivers? Quote them.\n\n${report}`),
  "edited text": ask(`Correct the spelling and give the whole text again.\n\n${report.replaceAll("river", "rivr")}`),
  "edited code": ask(`Add a comment above each function of this code and give the whole code.\n\n${code}`),
  "free text": ask("Write a story about a cat in a lighthouse."),
};

const run = async (prompt, options) => {
  const ids = [];
  let begun = 0;
  // From the first token on: the prompt takes the same time either way.
  for await (const { id } of model.generateTokens(prompt, { ...options, maxTokens: tokens, logProbabilities: false })) {
    if (ids.push(id) === 1) begun = performance.now();
  }
  return { ids, milliseconds: (performance.now() - begun) / (ids.length - 1) };
};

const rows = [];
for (const [name, prompt] of Object.entries(prompts)) {
  const [plain, drafted] = [[], []];
  let passes = 0;
  for (let round = -1; round < rounds; round++) {
    const before = await run(prompt, {});
    const infer = model.model.infer;
    passes = 0;
    model.model.infer = (...given) => (passes++, infer.apply(model.model, given));
    const after = await run(prompt, { promptLookupNumTokens: drafts });
    delete model.model.infer;
    if (before.ids.join() !== after.ids.join()) throw new Error(`${name}: other tokens`);
    if (round < 0) continue;
    plain.push(before);
    drafted.push(after);
  }
  const times = (all) => median(all.map(({ milliseconds }) => milliseconds));
  const ratio = median(plain.map(({ milliseconds }, i) => milliseconds / drafted[i].milliseconds));
  const made = plain[0].ids.length;
  rows.push([name, made, passes, times(plain).toFixed(2), times(drafted).toFixed(2), ratio.toFixed(2)]);
}
printTable(
  `Prompt lookup of up to ${drafts} tokens, ${circumstances(weights, threads)}: goal ≥ 1.3 on summaries and edits`,
  ["answer", "tokens", "passes", "without, ms a token", "with, ms a token", "without / with"],
  rows,
);
model.dispose();
