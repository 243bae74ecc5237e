import { loraShapes, matmulShapes } from "../shapes.mjs";
import { entryOf, newestNode } from "./paths.mjs";

const everyForm = ["NN", "NT", "TN", "TT", "frozen"];
/** With both operands transposed peers take a hundred times as long, which one shape shows. */
const transposedTwice = { shapes: [[128, 384, 384]], forms: ["TT"] };
const skinny = [
  [1, 384, 384],
  [512, 768, 8],
];

const work = (forms, seconds, overrides = {}) => ({
  matmul: [{ shapes: matmulShapes, forms }],
  loraSteps: loraShapes,
  block: true,
  seconds,
  ...overrides,
});

/** Each WASM peer is measured in two processes: one was seen several times slower in one process than in the others. */
const twice = (job) => [job, job];

/** Two minutes at most: us, jax-js and the peak, on one thread and on two. */
export function quickJobs() {
  const quick = {
    matmul: [
      { shapes: [[128, 128, 128], [512, 512, 512], [128, 384, 1536], ...skinny], forms: ["NN"] },
      { shapes: [[128, 384, 384]], forms: ["NN", "NT", "TN", "frozen"] },
    ],
    loraSteps: loraShapes.slice(0, 3),
    block: true,
    seconds: 0.25,
  };
  return [1, 2].map((threads) => nodeJob({ node: newest(), build: "relaxed", threads, peer: "jax-js", work: quick }));
}

/**
 * Five minutes: us beside another checkout's build, in the builds and thread counts that people run.
 * @param {string} folder the other checkout, with its `dist`
 */
export function againstJobs(folder, seconds) {
  const other = entryOf(folder);
  const wanted = work(["NN", "NT", "TN", "frozen"], seconds);
  const settings = ["relaxed", "simd"].flatMap((build) => [1, 2].map((threads) => ({ build, threads })));
  const before = { node: newest(), peer: "before", other };
  return [
    ...settings.map((setting) => nodeJob({ ...before, ...setting, work: wanted })),
    ...settings.map((setting) => minilmJob({ ...before, ...setting, batches: 6, rounds: 6 })),
  ];
}

/**
 * Everything. Peers that are driven in both runtimes are compared in all forms in Node, and in the two that matter for
 * the table in Chromium.
 * @param {{ chromium: boolean, seconds: number }} options
 */
export function fullJobs({ chromium, seconds }) {
  const node = newest();
  const peersForms = ["NN", "NT", "TN", "frozen"];
  const inNode = (threads, peer, forms, more = {}) => {
    const wanted = work(forms, seconds);
    if (forms === peersForms) wanted.matmul.push(transposedTwice);
    return nodeJob({ node, build: "relaxed", threads, peer, work: wanted, ...more });
  };
  const jobs = [
    ...["jax-js", "tfjs-wasm", "onnxruntime-web"].map((peer) => inNode(1, peer, peersForms)).flatMap(twice),
    ...["jax-js", "onnxruntime-web"].map((peer) => inNode(2, peer, peersForms)).flatMap(twice),
    ...["torch", "numpy"].flatMap((peer) => [1, 2].map((threads) => inNode(threads, peer, ["NN"]))),
    ...["relaxed", "simd"].flatMap((build) => [1, 2].map((threads) => inNode(threads, null, everyForm, { build }))),
    ...[1, 2].map((threads) => inNode(threads, "jax-js", ["NN", "frozen"], revectorized)),
  ];
  if (node !== process.execPath) jobs.push(...olderNodeJobs(seconds));
  if (chromium) jobs.push(...pageJobs(seconds).flatMap(twice));
  return [
    ...jobs,
    ...[2, 1].map((threads) => minilmJob({ node, threads })),
    minilmJob({ node, threads: 2, ...revectorized }),
    ...[1, 2].map((threads) => adaptersJob({ node, threads, seconds: 8 * seconds })),
    ...languageJobs(node, chromium),
    { kind: "start-up", name: "start-up", node, rounds: 15 },
    { kind: "memory", name: "memory", node },
    { kind: "downloads", name: "downloads" },
  ];
}

/** With the tile that the command line chooses for it. */
const revectorized = {
  flags: ["--experimental-wasm-revectorize"],
  label: "revectorized",
  tile: { rows: 4, columns: 16 },
};

/** The Node that runs this, where it is not the newest; version 20 has relaxed SIMD behind a flag. */
function olderNodeJobs(seconds) {
  const flags = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
  const common = { node: process.execPath, threads: 1, peer: "jax-js", work: work(["NN"], seconds) };
  return [
    nodeJob({ ...common, build: "simd" }),
    nodeJob({ ...common, build: "relaxed", flags }),
    nodeJob({ ...common, build: "relaxed", flags, threads: 2 }),
  ];
}

function pageJobs(seconds) {
  const forms = ["NN", "frozen"];
  const peers = ["jax-js", "tfjs-wasm", "onnxruntime-web", "onnxruntime-web-training"];
  return [1, 2].flatMap((threads) =>
    peers.map((peer) => {
      const matmul = peer === "onnxruntime-web-training" ? [] : [{ shapes: matmulShapes, forms }];
      return pageJob({ build: "relaxed", threads, peer, work: work(forms, seconds, { matmul }) });
    }),
  );
}

function nodeJob({ flags = [], ...job }) {
  return {
    kind: "node",
    flags,
    name: nameOf(job, job.node === process.execPath ? "this Node" : "newest Node"),
    ...job,
  };
}

function pageJob(job) {
  return { kind: "page", name: nameOf(job, "Chromium"), ...job };
}

function minilmJob({ flags = [], ...job }) {
  const name = nameOf({ build: "relaxed", peer: "PyTorch + PEFT", ...job }, "MiniLM, newest Node");
  return { kind: "minilm", name, flags, build: "relaxed", batches: 10, rounds: 4, ...job };
}

function adaptersJob(job) {
  const name = nameOf({ build: "relaxed", peer: "one", ...job }, "adapters by text, newest Node");
  return { kind: "adapters", name, flags: [], build: "relaxed", ...job };
}

/** Native llama.cpp has its fastest products for Q4_0; the file that people get is in Q4_1. */
function languageJobs(node, chromium) {
  return [1, 2].flatMap((threads) => {
    const job = ({ where, ...more }) => {
      const name = `language model in ${more.weights}, ${nameOf({ build: "relaxed", threads, ...more }, where)}`;
      return { kind: "language", name, flags: [], build: "relaxed", threads, rounds: 5, ...more };
    };
    const inNode = ["Q4_0", "Q4_1"].map((weights) => job({ where: "newest Node", node, weights, peer: "llama.cpp" }));
    const inPage = ["wllama 3", "wllama 2"].map((peer) =>
      job({ where: "Chromium", runtime: "chromium", weights: "Q4_1", peer }),
    );
    const wide = job({ where: "newest Node", node, weights: "Q4_0", peer: "llama.cpp", ...revectorized });
    return [...inNode, wide, ...(chromium ? inPage : [])];
  });
}

function nameOf({ build, threads, peer, label }, where) {
  const parts = [
    where,
    label,
    build,
    `${threads} thread${threads > 1 ? "s" : ""}`,
    peer === null ? "alone" : `beside ${peer}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function newest() {
  return newestNode ?? process.execPath;
}
