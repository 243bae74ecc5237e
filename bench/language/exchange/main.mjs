// node bench/language/exchange/main.mjs FOLDER, after `npm run build` and `npm ci` in bench: adapters of `lowrank finetune --task text` and
// `--task chat` on SmolLM2-135M-Instruct, files of `lowrank quantize` and `lowrank merge`, greedy text here and in llama.cpp. What is in
// FOLDER stays, for check_exchange.py and a second run.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { getLlama } from "node-llama-cpp";
import { CausalLanguageModel, init } from "../../../dist/node.js";

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error("usage: node bench/language/exchange/main.mjs FOLDER");
const folder = resolve(given);
const root = new URL("../../../", import.meta.url).pathname;
const base = join(process.env.HOME, ".cache/lowrank/SmolLM2-135M-Instruct-GGUF/SmolLM2-135M-Instruct.Q4_1.gguf");
/** Tokens that are compared. */
const COUNT = 40;
/** Of tokens that agree where either side rounds what it multiplies with weights in groups: of 8 bits a few in a hundred change places. */
const LEAST = 0.85;

const at = (name) => join(folder, name);
const lowrank = (...args) =>
  execFileSync("node", [join(root, "dist/cli.js"), ...args], { stdio: ["ignore", "pipe", "inherit"] });
const once = (name, ...args) => {
  if (!existsSync(at(name))) console.log(lowrank(...args).toString().trimEnd().split("\n").at(-1)); // prettier-ignore
};

/** The examples of examples/chat, as conversations and as prompts with completions. */
function data() {
  const rows = readFileSync(join(root, "examples/chat/train.jsonl"), "utf8").trim().split("\n").slice(0, 48);
  writeFileSync(at("chat.jsonl"), rows.join("\n"));
  const pairs = rows.map((row) => {
    const [, question, answer] = JSON.parse(row).messages;
    return JSON.stringify({ prompt: `Question: ${question.content}\nAnswer:`, completion: ` ${answer.content}` });
  });
  writeFileSync(at("text.jsonl"), pairs.join("\n"));
}

async function ours(file, adapter, prompts) {
  const model = await CausalLanguageModel.load(file, { weights: "auto" });
  if (adapter !== null)
    model.loadAdapter("own", {
      "adapter_config.json": readFileSync(join(adapter, "adapter_config.json")),
      "adapter_model.safetensors": readFileSync(join(adapter, "adapter_model.safetensors")),
    });
  const found = [];
  for (const prompt of prompts) {
    const ids = typeof prompt === "string" ? [...model.tokenizer.encode(prompt)] : prompt;
    const made = [];
    for await (const { id } of model.generateTokens(ids, { maxTokens: COUNT, ignoreEnd: true })) made.push(id);
    found.push({ ids, made });
  }
  return { found, model };
}

async function theirs(llama, file, adapter, prompts) {
  const model = await llama.loadModel({ modelPath: file });
  const lora = adapter === null ? {} : { lora: { adapters: [{ filePath: adapter }] } };
  const context = await model.createContext({ contextSize: 512, threads: 1, ...lora });
  const sequence = context.getSequence();
  const found = [];
  for (const { ids } of prompts) {
    await sequence.clearHistory();
    const made = [];
    for await (const id of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true }))
      if (made.push(id) === COUNT) break;
    found.push(made);
  }
  await context.dispose();
  await model.dispose();
  return found;
}

/** How often the likeliest token by our logits, exact ones, is the one that theirs took, along their text. */
async function agreement(model, { ids }, others) {
  const { shape, data } = await model.logits([...ids, ...others]);
  const width = shape[1];
  const best = (row) =>
    data.subarray(row * width, (row + 1) * width).reduce((at, x, i, all) => (x > all[at] ? i : at), 0);
  return others.filter((id, i) => best(ids.length - 1 + i) === id).length;
}

mkdirSync(folder, { recursive: true });
data();
for (const task of ["text", "chat"])
  once(`run-${task}`, "finetune", "--task", task, "--model", base, "--data", at(`${task}.jsonl`), "--out", at(`run-${task}`),
    ...["--steps", "24", "--rank", "8", "--batch-size", "4", "--gguf", "--quiet"]); // prettier-ignore
for (const type of ["f16", "q8_0", "q4_0"])
  once(`${type}.gguf`, "quantize", "--model", base, "--to", type, "--out", at(`${type}.gguf`));
for (const task of ["text", "chat"]) {
  once(
    `merged-${task}.gguf`,
    "merge",
    "--base",
    at("f16.gguf"),
    "--adapter",
    at(`run-${task}`),
    "--out",
    at(`merged-${task}.gguf`),
  );
  once(`merged-${task}`, "merge", "--base", base, "--adapter", at(`run-${task}`), "--out", at(`merged-${task}`));
}

await init({ threads: 1 });
const llama = await getLlama({ build: "never", gpu: false, maxThreads: 1, logLevel: "error" });
const questions = [
  "Question: What is the capital of France?\nAnswer:",
  "The river rises in the hills and",
  "def add(a, b):",
];
const cases = [
  ...[base, at("f16.gguf"), at("q8_0.gguf"), at("q4_0.gguf")].map((file) => ({ file, adapter: null })),
  ...["text", "chat"].flatMap((task) => [
    ...[base, at("f16.gguf"), at("q8_0.gguf"), at("q4_0.gguf")].map((file) => ({ file, adapter: at(`run-${task}`) })),
    { file: at(`merged-${task}.gguf`), adapter: null },
  ]),
];
let failed = 0;
const short = (path) => path.split("/").at(-1);
for (const { file, adapter } of cases) {
  const { found, model } = await ours(file, adapter, questions);
  const others = await theirs(llama, file, adapter && join(adapter, "adapter.gguf"), found);
  const same = found.map(({ made }, i) => {
    const first = made.findIndex((id, at) => id !== others[i][at]);
    return first < 0 ? COUNT : first;
  });
  const agreed = [];
  for (const [i, one] of found.entries()) agreed.push(await agreement(model, one, others[i]));
  const total = agreed.reduce((sum, count) => sum + count, 0) / (COUNT * found.length);
  const exact = /f16|merged/.test(short(file));
  if (exact ? same.some((count) => count < COUNT) : total < LEAST) failed++;
  console.log(
    `${short(file)}${adapter === null ? "" : ` + ${short(adapter)}`}: the same first ${same.join(", ")} of ${COUNT} tokens; along llama.cpp's text ${(100 * total).toFixed(0)} % agree`,
  );
  model.dispose();
}
await llama.dispose();
console.log(failed === 0 ? "all alike: to the token without groups, but for rounding with them" : `${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;
