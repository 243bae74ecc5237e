import { existsSync } from "node:fs";
import { join } from "node:path";
import { summary } from "../timing.mjs";
import { runInChromium } from "./chromium.mjs";
import { languageFile } from "./language-file.mjs";
import { library, root } from "./paths.mjs";
import { runScript } from "./process.mjs";
import { downloadSizes } from "./sizes.mjs";

const script = (name) => join(root, "bench/jobs", name);
const startUps = [
  ["lowrank", 1],
  ["lowrank", 2],
  ["jax-js", 1],
  ["tfjs-wasm", 1],
  ["onnxruntime-web", 1],
];

/** Runs a job of `jobs.mjs`; results are handed over as they come: `{ row }`, `{ memory }`, `{ download }`, `{ message }`. */
export function runJob(job, onResult) {
  return kinds[job.kind](job, onResult);
}

const kinds = {
  node({ node, flags, ...job }, onResult) {
    return runScript(node, [...flags, script("node.mjs"), JSON.stringify({ library, ...job })], onResult);
  },

  page: (job, onResult) => runInChromium(job, onResult),

  minilm({ node, flags, ...job }, onResult) {
    const data = join(root, "examples/movie/movie_train.tsv");
    if (!existsSync(data)) throw new Error(`${data} is missing`);
    const options = { library, data, python: true, ...job };
    return runScript(node, [...flags, script("minilm.mjs"), JSON.stringify(options)], onResult);
  },

  adapters({ node, flags, ...job }, onResult) {
    const options = { library, data: join(root, "examples/movie/movie_train.tsv"), ...job };
    return runScript(node, [...flags, script("adapters.mjs"), JSON.stringify(options)], onResult);
  },

  /** In a page beside wllama, in Node beside llama.cpp. */
  async language({ node, flags, ...job }, onResult) {
    const path = languageFile(job.weights);
    if (job.runtime === "chromium") return runInChromium({ kind: "language", ...job, path }, onResult);
    const options = JSON.stringify({ library, ...job, path });
    await runScript(node, [...flags, script("language.mjs"), options], onResult);
  },

  /** New processes in turn: what the file cache and the machine do meets all of them. */
  async "start-up"({ node, rounds }, onResult) {
    const runs = startUps.map(() => []);
    // The first round reads the files into memory.
    for (let round = -1; round < rounds; round++) {
      for (const [i, [peer, threads]] of startUps.entries()) {
        const keep = (result) => (result.message ? onResult(result) : round >= 0 && runs[i].push(result));
        await runScript(node, [script("start-up.mjs"), peer, String(threads), library], keep);
      }
    }
    for (const results of runs.filter(({ length }) => length > 0)) {
      const [{ peer, threads, runtime }] = results;
      for (const [shape, time] of Object.entries({
        init: (r) => r.init,
        "import, init, first product": (r) => r.import + r.init + r.first,
      })) {
        const { ms, median, samples } = summary(results.map(time));
        const row = { case: "start-up", shape, peer, build: null, threads, runtime, ms, median, gflops: null, samples };
        onResult({ row: { ...row, beside: null } });
      }
    }
  },

  async memory({ node }, onResult) {
    const peers = ["lowrank", "jax-js", "tfjs-wasm", "onnxruntime-web"];
    const runs = ["peak", "undisposed"].flatMap((what) => peers.map((peer) => ({ library, peer, what })));
    for (const options of [...runs, { library, peer: "lowrank", what: "long" }]) {
      await runScript(node, [script("memory.mjs"), JSON.stringify(options)], onResult);
    }
  },

  async downloads(_, onResult) {
    for (const download of await downloadSizes()) onResult({ download });
  },
};
