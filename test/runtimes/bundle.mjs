import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { modelCache, root } from "../../scripts/setup/paths.mjs";

const golden = join(root, "test/golden.ts");
/** Goldens that a bundle carries in itself: edge workers have no files, and the others then do the same. */
const carried = [
  "adapters/base/tiny_bert/config.json",
  "adapters/base/tiny_bert/model.safetensors",
  ...["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"].map(
    (name) => `decoders/qwen2/${name}`,
  ),
];

/**
 * Makes one script of a test's module with the package as it is published: the module imports ts/index.ts and ts/jobs/index.ts, in
 * whose place come a runtime's entries in dist/.
 *
 * @param {object} options
 * @param {string} options.contents the script, whose imports start at the project's root
 * @param {"node" | "browser" | "workerd" | "inline"} options.entry whose `dist/<entry>.js` and `dist/jobs-<entry>.js` are taken
 * @param {string} options.outfile where the bundle goes
 * @param {boolean} [options.external] whether dist/ stays outside, imported from where it is
 * @param {boolean} [options.carry] whether the tiny model is in the script; else goldens and models come from files, or from a site
 */
export async function bundle({ contents, entry, outfile, external = false, carry = true }) {
  const entries = new Map([
    [join(root, "ts/index.js"), join(root, `dist/${entry}.js`)],
    [join(root, "ts/jobs/index.js"), join(root, `dist/jobs-${entry}.js`)],
    [join(root, "ts/worker/index.js"), join(root, `dist/remote-${entry}.js`)],
  ]);
  /** @type {import("esbuild").Plugin} */
  const published = {
    name: "published",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.{1,2}\/.*index\.js$/ }, ({ path, resolveDir }) => {
        const found = entries.get(resolve(resolveDir, path));
        return found === undefined ? undefined : { path: found, external };
      });
      onLoad({ filter: /golden\.ts$/ }, ({ path }) =>
        carry && path === golden ? { contents: embedded() } : undefined,
      );
    },
  };
  await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: entry === "workerd" ? ["workerd", "worker", "browser"] : [entry],
    external: ["*.wasm", "node:*"],
    define: entry === "node" ? places(root, modelCache) : places("./project", "./models"),
    plugins: [published],
    logLevel: "error",
  });
  return outfile;
}

/** What test/setup/files.ts reads. */
function places(project, models) {
  return { __PROJECT__: JSON.stringify(project), __MODELS__: JSON.stringify(models) };
}

/** A module in test/golden.ts's place. */
function embedded() {
  const files = carried.map((path) => [path, readFileSync(join(root, "test/golden", path)).toString("base64")]);
  return `
    const files = ${JSON.stringify(Object.fromEntries(files))};
    export const goldenBytes = async (path) => Uint8Array.from(atob(files[path]), (c) => c.charCodeAt(0));
    export const goldenJson = async (path) => JSON.parse(new TextDecoder().decode(await goldenBytes(path)));
  `;
}

/** Exports `run(threads)`: what the kernels are, and the bits. */
export const bitsModule = `
  import { init } from "./ts/index.js";
  import { bits } from "./test/properties/bits/cases.js";
  export async function run(threads) {
    const { build, threads: running, threadsRefused } = await init({ build: "simd", threads });
    return { build, threads: running, threadsRefused, bits: await bits() };
  }
`;

/** Exports `run(threads)`: what the kernels are, the losses of PEFT's steps on MiniLM, and the adapter afterwards. */
export const replayModule = `
  import { init, SentenceEncoder } from "./ts/index.js";
  import { sha256 } from "./test/properties/bits/sha256.js";
  import { miniLM } from "./test/models/minilm.js";
  import { initialClassifier, replay } from "./test/models/replay-steps.js";
  export async function run(threads) {
    const { build, threads: running, threadsRefused } = await init({ build: "simd", threads });
    const encoder = await SentenceEncoder.load(await miniLM());
    const classifier = await initialClassifier(encoder);
    const losses = await replay(classifier);
    const { "adapter_model.safetensors": adapter, "head.safetensors": head } = classifier.save();
    encoder.dispose();
    return { build, threads: running, threadsRefused, losses, sha256: await sha256([adapter, head]) };
  }
`;

/**
 * Exports `run(threads, own)`: texts that a language model generates, a classifier's twenty steps and folds in a worker of `lowrank/worker`, and what becomes of a call whose
 * worker is ended behind the package's back. `own` gives a worker of the package's file, and ends it.
 */
export const workerModule = `
  import { CausalLanguageModel, memoryStore, runFolds, SentenceEncoder, startWorker, TextClassifier } from "./ts/worker/index.js";
  import { sha256 } from "./test/properties/bits/sha256.js";
  import { examples, tinyEncoder } from "./test/models/tiny-encoder.js";
  import { decoderFiles } from "./test/models/language/golden-decoder.js";
  const text = (value) => new TextEncoder().encode(JSON.stringify(value));
  const csv = new TextEncoder().encode("text,label\\n" + examples.map(({ text, label }) => '"' + text + '",' + label + "\\n").join(""));
  const spec = { model: "tiny", data: "examples.csv", recipe: "peft", steps: 10, batchSize: 8, patience: null, baseline: false };
  async function sources() {
    const files = await tinyEncoder();
    const open = async (name) => {
      const bytes = files[name];
      return bytes === undefined ? null : { size: bytes.length, read: async (from, length) => bytes.slice(from, from + length) };
    };
    return {
      findModel: async () => ({ name: "tiny", open, origin: "memory" }),
      readData: async (name) => ({ name, bytes: csv }),
      machine: () => ({}),
    };
  }
  const classifierIn = async (worker) => {
    const encoder = await SentenceEncoder.load(await tinyEncoder(), { worker, seed: 3 });
    return TextClassifier.create(encoder, { labels: ["good", "bad"] });
  };
  /** Ids that a language model in the worker draws, and those of a text that is left in its middle. */
  async function generated(worker) {
    const model = await CausalLanguageModel.load(await decoderFiles("qwen2"), { worker });
    const [whole, left] = [[], []];
    const options = { ignoreEnd: true, temperature: 0.9, seed: 6 };
    for await (const { id } of model.generateTokens([1, 20, 31], { ...options, maxTokens: 60 })) whole.push(id);
    for await (const { id } of model.generateTokens([1, 20, 31], options)) if (left.push(id) === 5) break;
    await model.dispose();
    return { whole, left };
  }
  export async function run(threads, own) {
    const worker = await startWorker({ build: "simd", threads });
    const generation = await generated(worker);
    const classifier = await classifierIn(worker);
    await classifier.fit(examples, { steps: 20, batchSize: 8, learningRate: 3e-3, seed: 5 });
    const { "adapter_model.safetensors": adapter, "head.safetensors": head } = await classifier.save();
    const folds = await runFolds(spec, 2, memoryStore(), { worker, sources: await sources() });
    const { info } = worker;
    worker.terminate();
    const { worker: mine, end } = own();
    const short = await startWorker({ worker: mine, build: "simd", threads: 1 });
    const lost = (await classifierIn(short)).fit(examples, { steps: 1e6, onProgress: end }).catch((error) => error);
    const { name, code, details } = await lost;
    return {
      threads: info.threads,
      generation,
      adapter: await sha256([adapter, head]),
      folds: await sha256([text(folds.pooled), text(folds.accuracy)]),
      lost: [name, code, details.reason, short.lost],
    };
  }
`;

/** Makes a program for Node, Deno and Bun: it prints what a module's `run` gives for the program's argument. */
export function bundleProgram(module, outfile, carry = true) {
  const main = `${module} console.log(JSON.stringify(await run(Number(process.argv[2]))));`;
  return bundle({
    contents: `import process from "node:process"; ${main}`,
    entry: "node",
    outfile,
    external: true,
    carry,
  });
}

/** Makes a page's script, with `run` as a global of the page. */
export function bundlePage(module, outfile, carry = true) {
  return bundle({ contents: `${module} globalThis.run = run;`, entry: "browser", outfile, carry });
}
