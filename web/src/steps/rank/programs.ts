import { type EncoderId, programOf } from "../../engine/encoders.js";

type Place = "command" | "node" | "page" | "python";

const programs: Readonly<Record<Place, string>> = {
  command: `npm install lowrank
npx lowrank predict --run reranker "a question" "a text" "another text"`,
  node: `// main.mjs, after "npm install lowrank"
import { CrossEncoder } from "lowrank";

const reranker = await CrossEncoder.load("reranker", { model: "sentence-transformers/all-MiniLM-L6-v2" });
// The first results of a search, for example.
const texts = ["a text", "another text"];
for (const { text, score } of await reranker.rank("a question", texts)) console.log(score.toFixed(3), text);
reranker.dispose();`,
  page: `// A script of your page; the folder "reranker" is on your site.
import { cacheModel, CrossEncoder } from "lowrank/worker";

// Downloaded once, then read from the browser's cache.
const model = await cacheModel("sentence-transformers/all-MiniLM-L6-v2");
const reranker = await CrossEncoder.load("/reranker", { model });
const [best] = await reranker.rank("a question", ["a text", "another text"]);
document.body.append(\`\${best.text} (\${best.score.toFixed(2)})\`);`,
  python: `# after "pip install sentence-transformers peft"
from sentence_transformers import CrossEncoder

reranker = CrossEncoder("reranker", num_labels=1)
for found in reranker.rank("a question", ["a text", "another text"], return_documents=True):
    print(round(float(found["score"]), 3), found["text"])`,
};

/** A command or a program that orders texts, beside the folder "reranker". */
export const programFor = (place: Place, encoder: EncoderId): string => programOf(encoder, programs[place]);
