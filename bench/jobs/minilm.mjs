// Fine-tuning all-MiniLM-L6-v2 on the movie reviews, and encoding them, in turn with PyTorch + PEFT on the same batches
// or with `other`, another build of lowrank:
// node [flags of V8] jobs/minilm.mjs '{ library, other, build, threads, python, data, batches, rounds }'
import { readFileSync } from "node:fs";
import { startPython } from "../contestants/python.mjs";
import { randomArray } from "../data.mjs";
import { runtimeName } from "../runtimes/node.mjs";
import { summary } from "../timing.mjs";

const BATCH_SIZE = 16;
/** Milliseconds of rest before each step, in which the other side's spinning threads fall asleep. */
const PAUSE = 30;

const { library, other, build, threads, tile, python, data, batches, rounds, label } = JSON.parse(process.argv[2]);
const emit = (result) => process.stdout.write(`${JSON.stringify(result)}\n`);

const lowrank = await import(library);
const info = await start(lowrank);
const folder = (await lowrank.resolveModel("all-MiniLM-L6-v2")).directory;
const examples = readExamples(data);
const chosen = chooseBatches(examples.length);
const sides = [{ peer: "lowrank", build: info.build, ...(await open(lowrank)) }];
if (other) {
  const before = await import(other);
  await start(before);
  sides.push({ peer: "before", build: info.build, ...(await open(before)) });
} else if (python) {
  const peft = await openPeft();
  if (peft !== null) sides.push(peft);
}
await measure("minilm step", "step");
if (other) await measure("minilm encode", "encode");
process.exit(0);

function start({ init }) {
  return init({ build, threads, tile: tile ?? "auto" });
}

/** Lines of label, rating and text. */
function readExamples(file) {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"))
    .map(([label, , text]) => ({ text, label }));
}

/** Places of the examples of each batch: all that are used are different. */
function chooseBatches(count) {
  const keys = randomArray(count, 7);
  const order = Array.from(keys.keys()).sort((a, b) => keys[a] - keys[b]);
  return Array.from({ length: batches }, (_, i) => order.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE));
}

/** A step as `TextClassifier.fit` takes it, and `encode` of the same texts with the adapter. */
async function open(lowrank) {
  const encoder = await lowrank.SentenceEncoder.load(folder);
  const lora = { rank: 8, alpha: 16, targetModules: ["query", "key", "value"] };
  const classifier = lowrank.TextClassifier.create(encoder, { labels: ["0", "1"], lora });
  encoder.setAdapter(classifier.adapter);
  const { graph } = encoder;
  const params = classifier.params();
  const optimizer = new lowrank.AdamW(graph, params, { lr: 1e-3 });
  const ids = encoder.tokenize(examples.map(({ text }) => text));
  const tokenized = examples.map(({ label }, i) => ({ ids: ids[i], target: Number(label) }));
  const encode = async (batch) => {
    const texts = batch.map((i) => examples[i].text);
    const tokens = batch.reduce((sum, i) => sum + ids[i].length, 0);
    const begin = performance.now();
    await encoder.encode(texts);
    return { ms: performance.now() - begin, tokens, padded: tokens };
  };
  const step = (batch) => {
    const begin = performance.now();
    let tokens = 0;
    optimizer.zeroGrad();
    graph.step(() => {
      const part = classifier.loss(batch.map((i) => tokenized[i]));
      graph.backward(part.sum, { shape: graph.shape(part.sum), data: Float32Array.of(1 / batch.length) });
      if (!Number.isFinite(graph.value(part.sum).data[0])) throw new Error("the loss is not finite");
      tokens = part.tokens;
    });
    lowrank.clipGradNorm(graph, params, 1);
    optimizer.step();
    return { ms: performance.now() - begin, tokens, padded: tokens };
  };
  return { step, encode };
}

async function openPeft() {
  const peft = startPython("peft_minilm.py", [String(threads), folder, data]);
  try {
    await peft.ask({ do: "hello" });
    return { peer: "pytorch-peft", build: null, step: (batch) => peft.ask({ do: "step", batch }) };
  } catch (error) {
    emit({ message: `without PyTorch + PEFT: ${String(error.message).slice(0, 300)}` });
    return null;
  }
}

/** Every batch several times by each side; the mean over batches of the fastest, and of the middle one. */
async function measure(name, kind) {
  const times = sides.map(() => chosen.map(() => []));
  const tokens = sides.map(() => [0, 0]);
  for (let round = -1; round < rounds; round++) {
    for (const [i, batch] of chosen.entries()) {
      for (const [side, { [kind]: work }] of sides.entries()) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        const { ms, tokens: real, padded } = await work(batch);
        // The first round warms up.
        if (round < 0) tokens[side] = [tokens[side][0] + real, tokens[side][1] + padded];
        else times[side][i].push(ms);
      }
    }
  }
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  sides.forEach(({ peer, build }, side) => {
    const each = times[side].map(summary);
    const [ms, median] = [mean(each.map((s) => s.ms)), mean(each.map((s) => s.median))];
    const [real, padded] = tokens[side].map((count) => count / batches);
    const runtime = side === 0 || other ? [runtimeName, label].filter(Boolean).join(" ") : "python";
    const beside = sides.length > 1 ? sides[1 - side].peer : null;
    emit({
      row: {
        case: name,
        shape: `${BATCH_SIZE} texts`,
        peer,
        build,
        threads: side === 0 ? info.threads : threads,
        runtime,
        ms,
        median,
        gflops: null,
        samples: rounds * batches,
        beside,
        tokens: real,
        paddedTokens: padded,
        tokensPerSecond: (1000 * real) / ms,
      },
    });
  });
}
