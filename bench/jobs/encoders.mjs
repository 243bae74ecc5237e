// A LoRA step of each family of encoders at its published size, random weights, in turn with PyTorch + PEFT on the same batch:
// node [flags of V8] bench/jobs/encoders.mjs [--threads 2] [--rounds 7] [--build relaxed] [family …]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as lowrank from "../../dist/node.js";
import { startPython } from "../contestants/python.mjs";
import { summary } from "../timing.mjs";

const FAMILIES = [
  "bert",
  "roberta",
  "camembert",
  "xlm-roberta",
  "distilbert",
  "mpnet",
  "albert",
  "electra",
  "deberta-v2",
];
FAMILIES.push("modernbert", "nomic_bert");
const TEXTS = 16;
/** Milliseconds of rest before each step, in which the other side's spinning threads fall asleep. */
const PAUSE = 30;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "7" },
    build: { type: "string", default: "auto" },
  },
});
const [threads, rounds] = [Number(values.threads), Number(values.rounds)];
const { build } = await lowrank.init({ threads, build: values.build });

/** As long as sentences are: 12 to 42 tokens, of pieces of a small vocabulary. */
const letters = "etaoinshrdlu".split("");
const sentences = Array.from({ length: TEXTS }, (_, i) =>
  Array.from({ length: 10 + 2 * i }, (_, j) => letters[(i * 7 + j * 5) % letters.length]).join(" "),
);
const targets = sentences.map((_, i) => i % 2);

for (const family of positionals.length > 0 ? positionals : FAMILIES) await measure(family);
process.exit(0);

async function measure(family) {
  const folder = mkdtempSync(join(tmpdir(), "lowrank-encoder-"));
  try {
    const python = startPython("peft_encoder.py", [String(threads), folder, family]);
    // It has written the files by then.
    await python.ask({ do: "vectors", texts: [[5, 6]] });
    const ours = await open(folder);
    const { texts } = ours;
    const { vectors, parameters } = await python.ask({ do: "vectors", texts });
    const difference = distance(await ours.vectors(), vectors);
    const times = { lowrank: [], python: [] };
    for (let round = -2; round < rounds; round++) {
      const own = await rested(() => ours.step());
      const { ms } = await rested(() => python.ask({ do: "step", texts, targets }));
      if (round < 0) continue;
      times.lowrank.push(own);
      times.python.push(ms);
    }
    python.close();
    ours.close();
    const [own, peer] = [summary(times.lowrank), summary(times.python)];
    const ratio = (own.median / peer.median).toFixed(2);
    const figures = { parameters, build, threads, ms: own, pytorch: peer, ratio: Number(ratio), difference };
    console.log(JSON.stringify({ family, tokens: texts.flat().length, ...figures }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rested(work) {
  await new Promise((resolve) => setTimeout(resolve, PAUSE));
  return work();
}

async function open(folder) {
  const encoder = await lowrank.SentenceEncoder.load(folder, { pooling: "mean" });
  const { graph } = encoder;
  const lora = { rank: 8, alpha: 16, targetModules: "all-linear" };
  const classifier = lowrank.TextClassifier.create(encoder, { labels: ["0", "1"], lora });
  const params = classifier.params();
  const optimizer = new lowrank.AdamW(graph, params, { lr: 1e-4 });
  const texts = encoder.tokenize(sentences).map((ids) => [...ids]);
  const step = () => {
    const begin = performance.now();
    optimizer.zeroGrad();
    graph.step(() => {
      const { sum } = classifier.loss(texts.map((ids, i) => ({ ids, target: targets[i] })));
      graph.backward(sum, { shape: graph.shape(sum), data: Float32Array.of(1 / TEXTS) });
      if (!Number.isFinite(graph.value(sum).data[0])) throw new Error("the loss is not finite");
    });
    lowrank.clipGradNorm(graph, params, 1);
    optimizer.step();
    return performance.now() - begin;
  };
  const vectors = async () => (await encoder.encode(sentences, { normalize: false })).flatMap((vector) => [...vector]);
  return { texts, step, vectors, close: () => encoder.dispose() };
}

/** The largest difference of a number, over the largest number. */
function distance(ours, theirs) {
  const flat = theirs.flat();
  const largest = flat.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return flat.reduce((most, x, i) => Math.max(most, Math.abs(x - ours[i])), 0) / largest;
}
