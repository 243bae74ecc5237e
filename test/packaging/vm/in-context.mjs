// node --experimental-vm-modules in-context.mjs DIST MODEL: loads an encoder, trains and answers in a context of node:vm, as Jest runs
// tests, and prints how often the context's global object was asked for what, after the package had been loaded.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import vm from "node:vm";

const [dist, folder] = process.argv.slice(2);
const context = vm.createContext({});
const host = Object.getOwnPropertyNames(globalThis).filter(
  (name) => !vm.runInContext(`"${name}" in globalThis`, context),
);
const names = [...vm.runInContext("Object.getOwnPropertyNames(globalThis)", context), ...host];
const counts = {};
let counting = false;
for (const name of names) {
  if (name === "globalThis") continue;
  let value = host.includes(name) ? globalThis[name] : vm.runInContext(name, context);
  const get = () => {
    if (counting) counts[name] = (counts[name] ?? 0) + 1;
    return value;
  };
  const set = (other) => {
    value = other;
  };
  Object.defineProperty(context, name, { get, set, configurable: true });
}

const modules = new Map();
function moduleOf(file) {
  if (!modules.has(file)) {
    const importModuleDynamically = async (name) => evaluated(resolve(dirname(file), name));
    const options = { context, identifier: file, importModuleDynamically };
    modules.set(file, new vm.SourceTextModule(readFileSync(file, "utf8"), options));
  }
  return modules.get(file);
}
async function evaluated(file) {
  const module = moduleOf(file);
  if (module.status === "unlinked") await module.link((name) => moduleOf(resolve(dirname(file), name)));
  await module.evaluate();
  return module;
}

const { SentenceEncoder, TextClassifier } = (await evaluated(join(dist, "inline.js"))).namespace;
const bytes = (name) => vm.runInContext("(all) => Uint8Array.from(all)", context)(readFileSync(join(folder, name)));
const wanted = ["config.json", "tokenizer.json", "model.safetensors"];
const files = Object.fromEntries(readdirSync(folder).filter((name) => wanted.includes(name)).map((name) => [name, bytes(name)])); // prettier-ignore
counting = true;
const encoder = await SentenceEncoder.load(files, { seed: 1 });
const texts = Array.from({ length: 64 }, (_, i) => ({
  text: "the film was good ".repeat(1 + (i % 5)),
  label: `${i % 2}`,
}));
const classifier = TextClassifier.create(encoder, { labels: ["0", "1"], lora: { rank: 4, alpha: 8 } });
await classifier.fit(texts, { steps: 4, batchSize: 8, seed: 3 });
await classifier.predict(texts.map(({ text }) => text));
const saved = classifier.save();
counting = false;
console.log(JSON.stringify({ counts, bytes: files["model.safetensors"].length, saved: Object.keys(saved).length }));
