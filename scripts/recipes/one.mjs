import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AdamW,
  clipGradNorm,
  cosineSchedule,
  fitLogisticRegression,
  init,
  SentenceEncoder,
  TextClassifier,
} from "../../dist/node.js";
import { drawParts, generator } from "./examples.mjs";
import { linearLogits, scores } from "./scores.mjs";
import { FrozenVectors } from "./vectors.mjs";

// One run, as JSON on the command line; its result is one JSON line on standard output. `run.mjs` starts it.

const run = JSON.parse(process.argv[2]);
const { data, cache, dataset, count, seed, maxTokens, held, tests } = run;
const recipe = {
  batchSize: 16,
  warmup: 0.1,
  rank: 8,
  alpha: 16,
  dropout: 0,
  weightDecay: 0.01,
  clip: 1,
  ...run.recipe,
};

/** Factors of C that a run's head can start from. */
const SOFTNESS = [1, 0.1, 0.01, 0.001];

await init({ threads: run.threads ?? 1 });
const encoder = await SentenceEncoder.load("all-MiniLM-L6-v2", { maxTokens, seed });
const { graph } = encoder;
const { labels, ...parts } = drawParts(data, dataset, { count, held, seed, tests });
const index = new Map(labels.map((label, i) => [label, i]));
const targets = (rows) => rows.map(({ label }) => index.get(label));
const texts = (rows) => rows.map(({ text }) => text);

const head = await frozenHead();
console.log(JSON.stringify(run.dump ? dump() : await result()));

async function result() {
  const started = performance.now();
  const trained = run.recipe ? await train() : {};
  const seconds = (performance.now() - started) / 1000;
  const sizes = Object.fromEntries(Object.entries(parts).map(([name, rows]) => [name, rows.length]));
  const { largestClass, probeValidation, probe, probeAll, C } = head;
  const asked = { ...run, data: undefined, cache: undefined, recipe: run.recipe && recipe };
  return {
    ...asked,
    classes: labels.length,
    sizes,
    largestClass,
    probeValidation,
    probe,
    probeAll,
    C,
    ...trained,
    seconds,
    // Kilobytes at most, as the operating system counts them.
    peakMemory: process.resourceUsage().maxRSS,
  };
}

/** For with_peft.py: the same texts, in the same parts, and the same head to start from. */
function dump() {
  const of = ([name, rows]) => [name, { texts: texts(rows), targets: targets(rows) }];
  return { ...Object.fromEntries(Object.entries(parts).map(of)), labels, recipe, ...head };
}

/** The yardsticks, kept in a file since every recipe shares them. */
async function frozenHead() {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, `fitted-${dataset}-${count}-${held}-${seed}-${maxTokens}-${tests}.json`);
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const frozen = new FrozenVectors(encoder, cache, maxTokens);
  const withVectors = async (rows) => ({ vectors: await frozen.of(texts(rows)), targets: targets(rows) });
  const [training, validation, test] = [
    await withVectors(parts.train),
    await withVectors(parts.validation),
    await withVectors(parts.test),
  ];
  const all = {
    vectors: [...training.vectors, ...validation.vectors],
    targets: [...training.targets, ...validation.targets],
  };
  const [ofTraining, ofAll] = [await heads(training), await heads(all)];
  const measure = (head, rows) => scores(linearLogits(head, rows.vectors), rows.targets);
  const counts = labels.map((_, c) => all.targets.filter((target) => target === c).length);
  const largest = counts.indexOf(Math.max(...counts));
  const made = {
    C: ofTraining.C,
    theta: ofTraining.heads,
    all: ofAll.heads,
    largestClass: test.targets.filter((target) => target === largest).length / test.targets.length,
    probeValidation: measure(ofTraining.heads[0], validation),
    probe: measure(ofTraining.heads[0], test),
    probeAll: measure(ofAll.heads[0], test),
  };
  writeFileSync(file, JSON.stringify(made));
  return made;
}

/**
 * The head alone, and heads that are held back more than is best for themselves, which leaves the adapter something to learn: the
 * weight `[hidden, classes]` and the bias behind it, as one list each.
 */
async function heads({ vectors, targets }) {
  const fit = (options) => fitLogisticRegression(graph, vectors, targets, labels.length, { seed, ...options });
  const { regularisation: C } = await fit({});
  const fitted = [];
  for (const factor of SOFTNESS) fitted.push(await fit({ regularisation: C * factor }));
  return { C, heads: fitted.map(({ weight, bias }) => [...weight.data, ...bias.data]) };
}

/** Trains head and adapter; gives what each evaluation on the way measured, the first before any step. */
async function train() {
  const { batchSize, learningRate, headLearningRate, warmup, rank, alpha, dropout, weightDecay, clip, epochs } = recipe;
  const classifier = TextClassifier.create(encoder, { labels, lora: { rank, alpha, dropout } });
  const hidden = encoder.hiddenSize;
  if (recipe.head !== "random") {
    const theta = Float32Array.from((recipe.all ? head.all : head.theta)[SOFTNESS.indexOf(recipe.soft ?? 1)]);
    const cut = hidden * labels.length;
    graph.setValue(classifier.head.weight, { shape: [hidden, labels.length], data: theta.slice(0, cut) });
    graph.setValue(classifier.head.bias, { shape: [labels.length], data: theta.slice(cut) });
  }
  const rows = recipe.all ? [...parts.train, ...parts.validation] : parts.train;
  const ids = encoder.tokenize(texts(rows));
  const examples = targets(rows).map((target, i) => ({ ids: ids[i], target }));
  const perEpoch = Math.floor(examples.length / Math.min(batchSize, examples.length));
  const steps =
    recipe.steps ??
    Math.max(recipe.minSteps ?? 10, Math.min(recipe.maxSteps ?? Infinity, Math.round(epochs * perEpoch)));
  const schedule = cosineSchedule({ peak: learningRate, warmup: Math.round(warmup * steps), total: steps });
  const groups = [{ params: classifier.modelAdapter.params() }];
  // A rate of 0 leaves the head as it is.
  if (headLearningRate > 0) groups.push({ params: classifier.head.params(), lr: headLearningRate });
  const params = groups.flatMap((group) => group.params);
  const optimizer = new AdamW(graph, groups, { lr: learningRate, weightDecay });
  const next = generator(1000 + seed);
  const every = Math.ceil(steps / (recipe.evaluations ?? 5));
  const curve = [await measure(classifier, 0, true)];
  let [order, losses, lowest] = [[], 0, Infinity];
  for (let step = 0; step < steps; step++) {
    if (order.length < Math.min(batchSize, examples.length)) order = shuffle(examples, next);
    const batch = order.splice(0, batchSize);
    optimizer.lr = schedule(step);
    optimizer.zeroGrad();
    graph.train();
    graph.step(() => {
      const { sum, targets } = classifier.loss(batch);
      graph.backward(sum, { shape: graph.shape(sum), data: Float32Array.of(1 / targets) });
      losses += graph.value(sum).data[0] / targets;
    });
    clipGradNorm(graph, params, clip);
    optimizer.step();
    graph.eval();
    if ((step + 1) % every !== 0 && step + 1 !== steps) continue;
    const point = await measure(classifier, step + 1, step + 1 === steps, lowest);
    curve.push({ ...point, trainLoss: losses / ((step % every) + 1) });
    [losses, lowest] = [0, Math.min(lowest, point.validation[2])];
  }
  return { steps, curve };
}

/** The test part too where no evaluation before had so low a loss on the validation, and where `always` says so. */
async function measure(classifier, step, always, lowest = Infinity) {
  const of = async (rows) => {
    const { accuracy, macroF1, loss } = scores(await classifier.logits(texts(rows)), targets(rows));
    return [accuracy, macroF1, loss].map((x) => Number(x.toFixed(4)));
  };
  const validation = await of(parts.validation);
  return { step, validation, test: always || validation[2] < lowest ? await of(parts.test) : null };
}

function shuffle(items, next) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
