// Encoding with all-MiniLM-L6-v2, sixteen texts of 32 tokens in one batch: an adapter of its own for each text, in turn with
// one adapter for all, none, and sixteen calls with an adapter each:
// node [flags of V8] jobs/adapters.mjs '{ library, build, threads, data, seconds }'
import { readFileSync } from "node:fs";
import { runtimeName } from "../runtimes/node.mjs";
import { interleave, samplingFor } from "../timing.mjs";

const TEXTS = 16;
const TOKENS = 32;
const lora = { rank: 8, alpha: 16, targetModules: ["query", "key", "value"] };

const { library, build, threads, data, seconds, dora = false } = JSON.parse(process.argv[2]);
const { init: start, kaimingInit, resolveModel, SentenceEncoder } = await import(library);
const info = await start({ build, threads });
const encoder = await SentenceEncoder.load((await resolveModel("all-MiniLM-L6-v2")).directory, { maxTokens: TOKENS });
const texts = readTexts(data);
const names = texts.map((_, i) => `adapter ${i}`);
// B is not zero, or nothing would tell a wrong adapter.
const init = (graph, shape) => ({ a: kaimingInit()(graph, shape).a, b: small([shape.rank, shape.outFeatures]) });
for (const name of names) encoder.addAdapter(name, { ...lora, dora, init });

/** Who is timed, by name: the first is ours, beside the second. */
const ways = {
  lowrank: () => encoder.encode(texts, { adapters: names }),
  "one adapter": () => encoder.encode(texts, { adapter: names[0] }),
  "no adapter": () => encoder.encode(texts, { adapter: null }),
  "one call each": async () => {
    const rows = [];
    for (const [i, text] of texts.entries()) rows.push(...(await encoder.encode([text], { adapter: names[i] })));
    return rows;
  },
};
await compare();
const sampling = { seconds, ...samplingFor(info.threads) };
const times = await interleave(
  Object.values(ways).map((run) => ({ run })),
  sampling,
);
const common = { case: "adapters", shape: `${TEXTS} texts of ${TOKENS} tokens`, threads: info.threads, gflops: null };
Object.keys(ways).forEach((peer, i) => {
  const beside = i === 0 ? "one adapter" : "lowrank";
  emit({ row: { ...common, peer, build: info.build, runtime: runtimeName, ...times[i], beside } });
});
const [mixed, one, none, apart] = times;
const ratio = (other) => (mixed.ms / other.ms).toFixed(3);
const compared = `${ratio(one)} of one adapter's time, ${ratio(none)} of none's, ${ratio(apart)} of a call each`;
emit({ message: `sixteen adapters in a batch: ${mixed.ms.toFixed(1)} ms, ${compared}` });
process.exit(0);

function emit(result) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** Texts of the movie reviews, each as many of them as fill its tokens. */
function readTexts(file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const reviews = lines.map((line) => line.split("\t")[2]);
  return Array.from({ length: TEXTS }, (_, i) => reviews.slice(4 * i, 4 * i + 4).join(" ")).map((text) => {
    if (encoder.tokenize([text])[0].length !== TOKENS)
      throw new Error(`a text does not fill ${TOKENS} tokens: ${text}`);
    return text;
  });
}

/** What is wrong is not timed: a batch of many adapters gives what calls for each give, and other than one adapter does. */
async function compare() {
  const [mixed, one, apart] = [await ways.lowrank(), await ways["one adapter"](), await ways["one call each"]()];
  const far = (a, b) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
  if (mixed.some((row, i) => !(far(row, apart[i]) === 0)))
    throw new Error("a text does not get its own adapter's vector");
  if (mixed.slice(1).some((row, i) => far(row, one[i + 1]) < 1e-4)) throw new Error("all adapters do the same");
}

function small(shape) {
  const length = shape.reduce((all, size) => all * size, 1);
  small.count = (small.count ?? 0) + 1;
  const data = Float32Array.from({ length }, (_, i) => 0.1 * Math.sin(i * 1.7 + small.count));
  return { shape, data };
}
