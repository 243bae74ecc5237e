// node scripts/peft/check-peft-tokens.mjs FOLDER: trains a new classifier of tokens on the encoder of each checkpoint of test/golden/tokens (of
// ModernBERT the checkpoint itself) for three steps with the built package, and writes what `save` gives, with its logits, for
// scripts/peft/check_peft_tokens.py.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SentenceEncoder, TokenClassifier } from "../../dist/node.js";
import { root } from "../setup/paths.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node scripts/peft/check-peft-tokens.mjs FOLDER");
const golden = join(root, "test/golden");
const labels = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "MISC"];
const examples = [{ words: ["Ada", "Lovelace", "in", "Köln"], labels: ["B-PER", "I-PER", "O", "B-LOC"] }];
const lora = { rank: 2, targetModules: "all-linear", bias: "all" };

for (const family of readdirSync(join(golden, "tokens"))) {
  const read = (file) => new Uint8Array(readFileSync(join(golden, file)));
  const files = {
    "config.json": read(`tokens/${family}/config.json`),
    "model.safetensors": read(`tokens/${family}/model.safetensors`),
    "tokenizer.json": read(`encoders/${family}/tokenizer.json`),
    "tokenizer_config.json": read(`encoders/${family}/tokenizer_config.json`),
  };
  const classifier =
    family === "modernbert"
      ? await TokenClassifier.open(files, { lora })
      : TokenClassifier.create(await SentenceEncoder.load(files), { labels, lora });
  await classifier.fit(examples, { steps: 3, learningRate: 0.02 });
  const { texts } = JSON.parse(readFileSync(join(golden, `tokens/${family}/spans.json`), "utf8"));
  const out = join(folder, family);
  mkdirSync(out, { recursive: true });
  for (const [name, bytes] of Object.entries(classifier.save())) writeFileSync(join(out, name), bytes);
  const ids = classifier.encoder.tokenize(texts).map((row) => [...row]);
  const logits = (await classifier.logits(texts)).map((row) => [...row]);
  writeFileSync(join(out, "logits.json"), JSON.stringify({ ids, logits }));
  classifier.encoder.dispose();
}
