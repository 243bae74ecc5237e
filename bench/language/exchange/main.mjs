// node bench/language/exchange/main.mjs FOLDER, after `npm run build` and `npm install` in bench: adapters of `lowrank finetune --task text`
// and `--task chat` on SmolLM2-135M-Instruct, files of `lowrank quantize` and `lowrank merge`, greedy text here and in llama.cpp, native and
// as wllama in Chromium, and answers by the chat template. What is in FOLDER stays, for check_exchange.py, check_types.py and a second run.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CausalLanguageModel, init } from "../../../dist/node.js";
import { openWllama } from "./browser.mjs";
import { adapterFiles, agreement, greedyHere, sameFirst } from "./here.mjs";
import { nativeGreedy, openNative } from "./native.mjs";
import { writeValues } from "./values.mjs";

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

mkdirSync(folder, { recursive: true });
data();
if (!existsSync(at("base.gguf"))) symlinkSync(base, at("base.gguf"));
for (const task of ["text", "chat"])
  once(`run-${task}`, "finetune", "--task", task, "--model", base, "--data", at(`${task}.jsonl`), "--out", at(`run-${task}`),
    "--steps", "24", "--rank", "8", "--batch-size", "4", "--gguf", "--quiet"); // prettier-ignore
for (const type of ["f16", "bf16", "q8_0", "q4_0", "q4_1"])
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
const [llama, wllama] = [await openNative(), await openWllama(folder)];
const texts = [
  "Question: What is the capital of France?\nAnswer:",
  "The river rises in the hills and",
  "def add(a, b):",
];
const forms = ["base.gguf", "f16.gguf", "q8_0.gguf", "q4_0.gguf"];
const cases = [
  ...forms.map((file) => ({ file, adapter: null })),
  ...["text", "chat"].flatMap((task) => [
    ...forms.map((file) => ({ file, adapter: `run-${task}` })),
    { file: `merged-${task}.gguf`, adapter: null },
  ]),
];
let failed = 0;
const percent = (share) => `${(100 * share).toFixed(0)} %`;
/** The end-of-text tokens, at which wllama stops. */
const until = (ids, ends) =>
  ids.some((id) => ends.has(id))
    ? ids.slice(
        0,
        ids.findIndex((id) => ends.has(id)),
      )
    : ids;
for (const { file, adapter } of cases) {
  const model = await CausalLanguageModel.load(at(file), { weights: "auto" });
  const own = adapter && "own";
  const lora = adapter && `${adapter}/adapter.gguf`;
  if (own !== null) model.loadAdapter(own, adapterFiles(at(adapter)));
  const prompts = texts.map((text) => ({ text, ids: [...model.tokenizer.encode(text)] }));
  const made = await greedyHere(model, own, prompts, COUNT);
  const native = await nativeGreedy(llama, at(file), lora && at(lora), prompts, COUNT);
  const same = sameFirst(made, native.made);
  const exact = /f16|merged/.test(file);
  const ends = new Set(native.ends);
  const page = (await wllama.greedy(file, lora, prompts, COUNT)).map((ids) => until(ids, ends));
  const inPage = page.map((ids, i) => JSON.stringify(ids) === JSON.stringify(until(made[i], ends)));
  const shares = [await agreement(model, own, prompts, native.made), await agreement(model, own, prompts, page)];
  const fine = exact
    ? same.every((count) => count === COUNT) && inPage.every(Boolean)
    : shares.every((share) => share >= LEAST);
  if (!fine || [...model.ends].some((id) => !ends.has(id))) failed++;
  console.log(
    `${file}${adapter === null ? "" : ` + ${adapter}`}: llama.cpp the same first ${same.join(", ")} of ${COUNT} tokens, ${percent(shares[0])} of its text our likeliest; ` +
      `wllama the same text ${inPage.filter(Boolean).length} of ${texts.length} times, ${percent(shares[1])}`,
  );
  model.dispose();
}

// An answer by the template that the file has, up to the token that ends it.
const messages = [{ role: "user", content: "What is the capital of France?" }];
for (const [file, adapter] of [
  ["f16.gguf", "run-chat"],
  ["merged-chat.gguf", null],
]) {
  const model = await CausalLanguageModel.load(at(file), { weights: "auto" });
  if (adapter !== null) model.loadAdapter("own", adapterFiles(at(adapter)));
  let answer = "";
  for await (const piece of model.generate(messages, { adapter: adapter && "own", maxTokens: 64 })) answer += piece;
  const other = await wllama.chat(file, adapter && `${adapter}/adapter.gguf`, messages, 64);
  const same = answer === other;
  if (!same) failed++;
  console.log(
    `${file}: wllama's answer by its template ${same ? "the same" : `DIFFERS: ${JSON.stringify(other)}`}: ${JSON.stringify(answer)}`,
  );
  model.dispose();
}
await writeValues(folder, [...forms, "q4_1.gguf", "bf16.gguf", "merged-text.gguf", "merged-chat.gguf"]);
await wllama.close();
await llama.dispose();
console.log(failed === 0 ? "all alike: to the token without groups, but for rounding with them" : `${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;
