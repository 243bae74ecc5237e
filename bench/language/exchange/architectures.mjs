// node bench/language/exchange/architectures.mjs FOLDER [NAME…], after make_models.py FOLDER beside it: each model there becomes GGUF files of every
// type, its adapter a GGUF LoRA and merged files; greedy ids here, in llama.cpp (native and wllama) and, as theirs.json has them, in
// transformers and PEFT. For check_types.py FOLDER/NAME/values.json says what our reader makes of each tensor.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CausalLanguageModel, init } from "../../../dist/node.js";
import { openWllama } from "./browser.mjs";
import { adapterFiles, agreement, greedyHere, sameFirst } from "./here.mjs";
import { nativeGreedy, openNative } from "./native.mjs";
import { writeValues } from "./values.mjs";

const [given, ...chosen] = process.argv.slice(2);
if (given === undefined) throw new Error("usage: node bench/language/exchange/architectures.mjs FOLDER [NAME…]");
const folder = resolve(given);
const cli = new URL("../../../dist/cli.js", import.meta.url).pathname;
const types = ["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1"];
/** Ids of the end-of-text token and of the start, which texts get from each program's own settings. */
const [START, END] = [1, 2];
/** Of tokens that agree where either side rounds what it multiplies. */
const LEAST = 0.85;
const once = (file, ...args) =>
  existsSync(file) || execFileSync("node", [cli, ...args, "--out", file], { stdio: ["ignore", "ignore", "pipe"] });
const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);

let failed = 0;
function say(name, what, fine) {
  if (!fine) failed++;
  console.log(`${name}: ${what}${fine ? "" : " — DIFFERS"}`);
}

async function ofModel(name, llama, wllama) {
  const at = (file) => join(folder, name, file);
  const { prompts, base, adapted } = JSON.parse(readFileSync(at("theirs.json"), "utf8"));
  const count = base[0].length;
  for (const type of types) once(at(`${type}.gguf`), "quantize", "--model", at("model"), "--to", type);
  once(at("merged.gguf"), "merge", "--base", at("model"), "--adapter", at("adapter"));
  once(at("merged-from-gguf.gguf"), "merge", "--base", at("f32.gguf"), "--adapter", at("adapter"));
  const model = await CausalLanguageModel.load(at("f32.gguf"), { weights: "f32" });
  model.loadAdapter("own", adapterFiles(at("adapter")));
  writeFileSync(at("adapter.gguf"), await model.saveGguf("own"));
  const cases = [
    ["base", "f32.gguf", false, base],
    ["GGUF LoRA", "f32.gguf", true, adapted],
    ["merged from safetensors", "merged.gguf", false, adapted],
    ["merged from GGUF", "merged-from-gguf.gguf", false, adapted],
  ];
  /** Whether wllama's text, which stops at the end-of-text token, is what is wanted up to there. */
  const inPage = async (adapter, want) => {
    const made = await wllama.greedy(`${name}/f32.gguf`, adapter, prompts, count);
    const until = (ids) => (ids.includes(END) ? ids.slice(0, ids.indexOf(END)) : ids);
    return made.map((ids, i) => alike(until(ids), until(want[i])));
  };
  for (const [what, file, lora, want] of cases) {
    const one = file === "f32.gguf" ? model : await CausalLanguageModel.load(at(file), { weights: "f32" });
    const here = sameFirst(await greedyHere(one, lora ? "own" : null, prompts, count), want);
    if (one !== model) one.dispose();
    const native = await nativeGreedy(llama, at(file), lora ? at("adapter.gguf") : null, prompts, count);
    const there = sameFirst(native.made, want);
    const page = file === "f32.gguf" ? await inPage(lora ? `${name}/adapter.gguf` : null, want) : [];
    const fine = [...here, ...there].every((same) => same === count) && page.every(Boolean);
    const also = page.length === 0 ? "" : `; wllama up to the end-of-text token ${page.map((same) => (same ? "the same" : "another"))}`; // prettier-ignore
    say(name, `${what}: of ${count} tokens that transformers and PEFT write, ours ${here}, llama.cpp ${there}${also}`, fine); // prettier-ignore
    if (what !== "base") continue;
    const bare = (lists) => lists.map((ids) => ids.filter((id) => id !== START));
    const { chat_template: template } = JSON.parse(readFileSync(at("model/tokenizer_config.json"), "utf8"));
    const kept = alike(bare(native.ids), bare(prompts.map(({ ids }) => ids))) && native.template === template;
    say(name, "texts' ids, chat template and end-of-text token are llama.cpp's too", kept && native.ends.includes(END));
  }
  model.dispose();
  for (const type of types.slice(1)) {
    const one = await CausalLanguageModel.load(at(`${type}.gguf`), { weights: "auto" });
    one.loadAdapter("own", adapterFiles(at("adapter")));
    const shares = [];
    for (const lora of [false, true]) {
      const { made } = await nativeGreedy(llama, at(`${type}.gguf`), lora ? at("adapter.gguf") : null, prompts, count);
      shares.push(await agreement(one, lora ? "own" : null, prompts, made));
    }
    one.dispose();
    const [alone, tuned] = shares.map((share) => `${(100 * share).toFixed(0)} %`);
    say(name, `${type}: along llama.cpp's text ${alone} of its tokens are our likeliest, ${tuned} with the GGUF LoRA`, shares.every((share) => share >= LEAST)); // prettier-ignore
  }
  await writeValues(join(folder, name), types.map((type) => `${type}.gguf`)); // prettier-ignore
}

await init({ threads: 1 });
const [llama, wllama] = [await openNative(), await openWllama(folder)];
const all = readdirSync(folder).filter((name) => existsSync(join(folder, name, "theirs.json")));
for (const name of chosen.length === 0 ? all : chosen) {
  try {
    await ofModel(name, llama, wllama);
  } catch (error) {
    say(name, String(error.stderr ?? error.stack ?? error).slice(0, 400), false);
  }
}
await wllama.close();
await llama.dispose();
console.log(failed === 0 ? "all alike" : `${failed} differ`);
process.exitCode = failed === 0 ? 0 : 1;
