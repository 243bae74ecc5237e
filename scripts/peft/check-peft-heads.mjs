// node scripts/peft/check-peft-heads.mjs FOLDER: trains a tiny checkpoint of each family of test/golden/heads for three steps with the
// built package, and writes what `savePeft` gives, with its logits, for scripts/peft/check_peft_heads.py.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TextClassifier } from "../../dist/node.js";
import { root } from "../setup/paths.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node scripts/peft/check-peft-heads.mjs FOLDER");
const golden = join(root, "test/golden");
const { texts } = JSON.parse(readFileSync(join(golden, "encoders/texts.json"), "utf8"));
const examples = [
  { text: "a", label: "no" },
  { text: "b", label: "yes" },
];

for (const family of readdirSync(join(golden, "heads"))) {
  const read = (file) => new Uint8Array(readFileSync(join(golden, file)));
  const classifier = await TextClassifier.open(
    {
      "config.json": read(`heads/${family}/config.json`),
      "model.safetensors": read(`heads/${family}/model.safetensors`),
      "tokenizer.json": read("encoders/distilbert/tokenizer.json"),
      "sentence_bert_config.json": new TextEncoder().encode('{"max_seq_length": 62}'),
    },
    { lora: { rank: 2, targetModules: "all-linear" } },
  );
  await classifier.fit(examples, { steps: 3, batchSize: 2, learningRate: 0.02 });
  const out = join(folder, family);
  mkdirSync(out, { recursive: true });
  for (const [name, bytes] of Object.entries(classifier.savePeft())) writeFileSync(join(out, name), bytes);
  const ids = classifier.encoder.tokenize(texts).map((row) => [...row]);
  const logits = (await classifier.logits(texts)).map((row) => [...row]);
  writeFileSync(join(out, "logits.json"), JSON.stringify({ ids, logits }));
  classifier.dispose();
}
