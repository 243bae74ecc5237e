// node fill.mjs MODEL_FOLDER OUT_FOLDER: a model's files for the bucket, weights in f16, and the commands that put them there.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "lowrank";

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  console.error("usage: node fill.mjs MODEL_FOLDER OUT_FOLDER");
  process.exit(2);
}
await mkdir(to, { recursive: true });
const file = readSafetensors(await readFile(join(from, "model.safetensors")));
// Numbers of positions are no weights: they are counted, not read.
const names = file.names.filter((name) => /^(F|BF)\d/.test(file.info(name).dtype));
const tensors = names.map((name) => [name, file.tensor(name)]);
await writeFile(join(to, "model.safetensors"), writeSafetensors(tensors, { format: "pt" }, { dtype: "F16" }));
const others = ["config.json", "tokenizer.json", "tokenizer_config.json", "sentence_bert_config.json", "modules.json"];
const copied = [];
for (const name of others)
  await copyFile(join(from, name), join(to, name)).then(
    () => copied.push(name),
    () => undefined,
  );
for (const name of ["model.safetensors", ...copied])
  console.log(`npx wrangler r2 object put models/all-MiniLM-L6-v2-f16/${name} --file ${join(to, name)}`);
