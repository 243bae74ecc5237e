import { type EncoderId, programOf } from "../../engine/encoders.js";

/** How a program loads the encoder: the base model, or with the adapter of the folder "search". */
const loading = {
  node: {
    base: `await SentenceEncoder.load("sentence-transformers/all-MiniLM-L6-v2")`,
    adapted: `await SentenceEncoder.load("search/adapter")`,
  },
  page: {
    base: `await SentenceEncoder.load(model)`,
    adapted: `await SentenceEncoder.load("/search/adapter", { model })`,
  },
} as const;

type ProgramPlace = "command" | "node" | "page";

/** A command or a program that searches, beside the folder "search". */
export const programFor = (place: ProgramPlace, isAdapted: boolean, encoder: EncoderId): string =>
  programOf(encoder, englishProgram(place, isAdapted));

function englishProgram(place: ProgramPlace, isAdapted: boolean): string {
  if (place === "command")
    return `npm install lowrank
npx lowrank search --index search/texts.index "a query"`;
  const load = loading[place][isAdapted ? "adapted" : "base"];
  if (place === "node")
    return `// main.mjs, after "npm install lowrank": node main.mjs "your query"
import { readFile } from "node:fs/promises";
import { SearchIndex, SentenceEncoder } from "lowrank";

const encoder = ${load};
const index = await SearchIndex.open("search/texts.index");
const texts = JSON.parse(await readFile("search/texts.json", "utf8"));

const query = process.argv.slice(2).join(" ") || "a query";
const [vector] = await encoder.encode([query]);
for (const { id, score } of index.search(vector, { topK: 5 })) console.log(score.toFixed(3), texts[id]);
index.dispose();
encoder.dispose();`;
  return `// A script of your page; the folder "search" is on your site.
import { cacheModel, SearchIndex, SentenceEncoder } from "lowrank";

// Downloaded once, then read from the browser's cache.
const model = await cacheModel("sentence-transformers/all-MiniLM-L6-v2");
const encoder = ${load};
const index = await SearchIndex.open(await (await fetch("/search/texts.index")).blob());
const texts = await (await fetch("/search/texts.json")).json();

const query = document.body.appendChild(document.createElement("input"));
const list = document.body.appendChild(document.createElement("ol"));
query.ariaLabel = "Search";
query.addEventListener("change", async () => {
  const [vector] = await encoder.encode([query.value]);
  const hits = index.search(vector, { topK: 5 });
  list.replaceChildren(
    ...hits.map(({ id, score }) => {
      const line = document.createElement("li");
      line.textContent = \`\${texts[id]} (\${score.toFixed(2)})\`;
      return line;
    }),
  );
});`;
}
