/** Programs that use the classifier. Each runs beside the folder "classifier". */
export const snippets = {
  page: `import { cacheModel, TextClassifier } from "lowrank/worker";

// Downloaded once, then read from the browser's cache.
const model = await cacheModel("sentence-transformers/all-MiniLM-L6-v2");
// The address of the folder on your site.
const classifier = await TextClassifier.open("/classifier", { model });
const [answer] = await classifier.predict(["a sentence"]);
document.body.append(\`\${answer.label}, \${answer.probability.toFixed(2)}\`);`,
  node: `// main.mjs, after "npm install lowrank"
import { TextClassifier } from "lowrank";

const classifier = await TextClassifier.open("classifier");
const [answer] = await classifier.predict(["a sentence"]);
console.log(answer.label, answer.probability.toFixed(2));
classifier.dispose();`,
  python: `# after "pip install torch transformers peft"
import json
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

name = "sentence-transformers/all-MiniLM-L6-v2"
tokenizer = AutoTokenizer.from_pretrained(name)
model = PeftModel.from_pretrained(AutoModel.from_pretrained(name), "classifier").eval()
head = load_file("classifier/head.safetensors")
with open("classifier/labels.json", encoding="utf8") as file:
    known = json.load(file)

texts = ["a sentence"]
length = known.get("maxTokens", 256)
batch = tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
with torch.no_grad():
    vectors = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(-1)
    means = (vectors * mask).sum(1) / mask.sum(1)
    shares = (means @ head["weight"].T + head["bias"]).softmax(-1)
for text, row in zip(texts, shares):
    print(known["labels"][row.argmax()], round(row.max().item(), 2), text)`,
  edge: `// src/worker.js; ADAPTER and MODEL are addresses of two folders
import { TextClassifier } from "lowrank";

let classifier;

export default {
  async fetch(request, env) {
    classifier ??= await TextClassifier.open(env.ADAPTER, { model: env.MODEL, weights: "f16" });
    const [{ label, probability }] = await classifier.predict([await request.text()]);
    return Response.json({ label, probability });
  },
};`,
} as const;
