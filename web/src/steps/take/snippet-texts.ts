import { type EncoderId, programOf } from "../../engine/encoders.js";
import type { Task } from "../../data/target.js";

/** How a program uses a model: its class, and what an answer is. */
interface Use {
  /** The class of `lowrank` and `lowrank/worker`. */
  readonly name: "TextClassifier" | "TextRegressor" | "TokenClassifier";
  /** What a page and Node show of `answer`, each as an expression. */
  readonly shown: string;
  /** The answer of the edge as JSON, from `answer`. */
  readonly json: string;
  /** A program in Python. */
  readonly python: string;
}

/** Python from the head's outputs `outputs`, one row a text. */
const ofTexts = (end: string) => `# after "pip install torch transformers peft"
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
    outputs = means @ head["weight"].T + head["bias"]
${end}`;

const ofWords = `# after "pip install torch transformers peft"
import json
import torch
from peft import PeftModel
from transformers import AutoModelForTokenClassification, AutoTokenizer

name = "sentence-transformers/all-MiniLM-L6-v2"
with open("classifier/labels.json", encoding="utf8") as file:
    known = json.load(file)
labels = known["labels"]
tokenizer = AutoTokenizer.from_pretrained(name)
base = AutoModelForTokenClassification.from_pretrained(name, num_labels=len(labels))
model = PeftModel.from_pretrained(base, "classifier").eval()

texts = ["a sentence"]
length = known.get("maxTokens", 256)
batch = tokenizer(texts, padding=True, truncation=True, max_length=length, return_tensors="pt")
with torch.no_grad():
    best = model(**batch).logits.argmax(-1)
for i, row in enumerate(best.tolist()):
    tokens = zip(batch.word_ids(i), batch.tokens(i), row)
    print([(token, labels[label]) for word, token, label in tokens if word is not None and labels[label] != "O"])`;

const uses: Readonly<Record<Task, Use>> = {
  classify: {
    name: "TextClassifier",
    shown: "`${answer.label}, ${answer.probability.toFixed(2)}`",
    json: "{ label: answer.label, probability: answer.probability }",
    python: ofTexts(`outputs = outputs / known.get("temperature", 1)
for text, row in zip(texts, outputs.softmax(-1)):
    print(known["labels"][row.argmax()], round(row.max().item(), 2), text)`),
  },
  "multi-label": {
    name: "TextClassifier",
    shown: 'answer.labels.join(", ") || "no label"',
    json: "{ labels: answer.labels, scores: answer.scores }",
    python: ofTexts(`for text, row in zip(texts, outputs.sigmoid()):
    found = zip(known["labels"], known["thresholds"], row.tolist())
    print([label for label, threshold, share in found if share >= threshold], text)`),
  },
  regress: {
    name: "TextRegressor",
    shown: "answer.toFixed(2)",
    json: "{ number: answer }",
    python:
      ofTexts(`numbers = outputs[:, 0].clamp(known["min"], known["max"]) if known["min"] is not None else outputs[:, 0]
for text, number in zip(texts, numbers.tolist()):
    print(round(number, 2), text)`),
  },
  tokens: {
    name: "TokenClassifier",
    shown: 'answer.map(({ text, label }) => `${label}: ${text}`).join(", ")',
    json: "{ words: answer }",
    python: ofWords,
  },
};

/** Where a program runs. */
export type Place = "page" | "node" | "serve" | "python" | "edge";

/**
 * Programs that use the adapted model, or the head-only one; null if there is none for its task. Each runs beside the folder "classifier".
 */
export function snippetsFor(task: Task, encoder: EncoderId, isHead: boolean): Readonly<Record<Place, string | null>> {
  const { page, python, node, ...others } = snippets(uses[task]);
  const ofHead = task === "tokens" ? null : withoutAdapter(python);
  const shown = isHead ? ofHead : python;
  return { ...others, node, page: programOf(encoder, page), python: shown && programOf(encoder, shown) };
}

/** The program in Python on the unchanged model. */
const withoutAdapter = (python: string) =>
  python
    .replace("transformers peft", "transformers")
    .replace("from peft import PeftModel\n", "")
    .replace(
      'PeftModel.from_pretrained(AutoModel.from_pretrained(name), "classifier")',
      "AutoModel.from_pretrained(name)",
    );

const snippets = ({ name, shown, json, python }: Use) => ({
  python,
  serve:
    name === "TextClassifier"
      ? `# a server on this machine, with Node
npm install lowrank
npx lowrank serve --classifier classifier

# from another terminal or program
curl http://127.0.0.1:8080/v1/classify -H "Content-Type: application/json" -d '{"input": ["a sentence"]}'`
      : null,
  page: `import { cacheModel, ${name} } from "lowrank/worker";

// Downloaded once, then read from the browser's cache.
const model = await cacheModel("sentence-transformers/all-MiniLM-L6-v2");
// The address of the folder on your site.
const classifier = await ${name}.open("/classifier", { model });
const [answer] = await classifier.predict(["a sentence"]);
document.body.append(${shown});`,
  node: `// main.mjs, after "npm install lowrank"
import { ${name} } from "lowrank";

const classifier = await ${name}.open("classifier");
const [answer] = await classifier.predict(["a sentence"]);
console.log(${shown});
classifier.dispose();`,
  edge: `// src/worker.js; ADAPTER and MODEL are addresses of two folders
import { ${name} } from "lowrank";

let classifier;

export default {
  async fetch(request, env) {
    classifier ??= await ${name}.open(env.ADAPTER, { model: env.MODEL, weights: "f16" });
    const [answer] = await classifier.predict([await request.text()]);
    return Response.json(${json});
  },
};`,
});
