import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { dts } from "rollup-plugin-dts";
import { annotations } from "./scripts/bundle/annotations.mjs";
import { binaries } from "./scripts/bundle/binaries.mjs";
import { intrinsic } from "./scripts/bundle/intrinsics.mjs";
import { lines } from "./scripts/bundle/lines.mjs";
import { minified } from "./scripts/bundle/minified.mjs";
import { notInlined } from "./scripts/bundle/not-inlined.mjs";
import { notices } from "./scripts/bundle/notices.mjs";
import { publicTypes } from "./scripts/bundle/public-types.mjs";
import { variants } from "./scripts/wasm/variants.mjs";
import { typescript } from "./scripts/bundle/typescript.mjs";

// Dependencies that run in Node alone. Others are bundled: without a bundler, a page or worker finds no package by its name.
const { dependencies, peerDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const installed = Object.keys({ ...dependencies, ...peerDependencies });
const external = (id) => id.startsWith("node:") || installed.some((name) => id === name || id.startsWith(`${name}/`));
// The set-up builds into a folder of its own and renames it when complete.
const dir = process.env.DIST ?? "dist";
// For `npm start` there is one build of the kernels, and what runs in Node is enough.
const builds = process.env.BUILDS?.split(",") ?? Object.keys(variants);
const whole = builds.length === Object.keys(variants).length;
const inNode = {
  node: "ts/entry/node.ts",
  "jobs-node": "ts/entry/jobs-node.ts",
  cli: "ts/cli/main.ts",
  "worker-node": "ts/entry/worker-node.ts",
  "remote-node": "ts/entry/remote-node.ts",
  "queue-node": "ts/entry/queue-node.ts",
  "federated-node": "ts/entry/federated-node.ts",
  "lowrank-worker-node": "ts/entry/lowrank-worker-node.ts",
};
const elsewhere = {
  browser: "ts/entry/browser.ts",
  "service-worker": "ts/entry/service-worker.ts",
  workerd: "ts/entry/workerd.ts",
  inline: "ts/entry/inline.ts",
  "jobs-browser": "ts/entry/jobs-browser.ts",
  "jobs-workerd": "ts/entry/jobs-workerd.ts",
  "jobs-inline": "ts/entry/jobs-inline.ts",
  "remote-browser": "ts/entry/remote-browser.ts",
  // The same everywhere: they work with an engine or encoder from any entry.
  graph: "ts/entry/graph.ts",
  serve: "ts/serve/index.ts",
  federated: "ts/federated/index.ts",
};
/** What workers need too, and pages that have the engine in one. */
const pool =
  /\/ts\/(engine\/(pool|worker-(source|from)|features|instantiate|policy|trusted-address)|errors\/[\w-]+)\.ts$/;
const base =
  /\/ts\/(version|entry\/script-address|(arguments|waiting)\/.*|io\/(byte-source|made-from|page\/persist)|training\/(store\/run-(files|name)|sources\/own-data))\.ts$/;
/** Apart, since its table of calls is made as it is loaded: a program without a worker leaves the file out. */
const client = /\/ts\/(worker\/(?!server).*|training\/store\/memory-store)\.ts$/;
/** Language models, fetched when one is loaded. */
const language =
  /\/ts\/(models\/(decoder|decoders|language\/(?!causal|bounded))|graph\/(decoder-ops|frozen\/tied-matrix)|adapters\/output-layer|arguments\/plain-copy|values\/same-values|ops\/.*\/(cached-attention|rotary-embedding|gated-unit|table-product)|tokenize\/token-text)\b/;
/** What reads GGUF files, fetched when one is opened. */
const gguf = /\/ts\/((io|models)\/gguf\/(?!index)[\w-]+|tokenize\/(gguf\/[\w-]+|models\/piece-merges))\.ts$/;
/** What writes models as GGUF files, which the command line does. */
const ggufOut = /\/ts\/(models\/gguf\/writing\/[\w-]+|tokenize\/gguf\/gguf-(tokenizer-values|pre-name))\.ts$/;
/** Tokenizers other than BERT's, with the library's, fetched when a model has one. */
const tokenizers =
  /\/ts\/tokenize\/(library-tokenizer|rust-steps|inverted-split|precompiled|graphemes|models\/(byte-\w+|merge-table|number-heap|unigram))\.ts$/;
/** Encoders that are fetched when one of them is loaded, and what has them all at once. */
const deberta = /\/ts\/models\/deberta-v2\//;
const rotary = /\/ts\/models\/(rotary|modernbert|nomic-bert)\//;
const estimate = /\/ts\/models\/(all-architectures|estimate-memory)\.ts$/;
/** What reads zip archives, fetched when one was picked. */
const zip = /\/ts\/io\/page\/zip-file\.ts$/;
/** What reads CSV and JSON, fetched when a file is read. */
const tables =
  /\/ts\/io\/examples\/(table\/(text-rows|columns|delimited|delimiter|header-row|other-half|rows)|json\/[\w-]+|tokens\/(?!located)[\w-]+)\.ts$/;
/**
 * What entries share, by area: package.json says that these files have no side effects, so a bundler leaves out the areas
 * that a program does not use.
 */
const areas = [
  ["chat", /\/ts\/models\/language\/bounded-[\w-]+\.ts$/],
  ["gguf-out", ggufOut],
  ["gguf", gguf],
  ["pool", pool],
  ["tokenizers", tokenizers],
  ["deberta", deberta],
  ["rotary", rotary],
  ["estimate", estimate],
  ["language", language],
  ["base", base],
  ["client", client],
  ["core", /\/ts\/(engine|graph|ops|optim|nn|errors|arguments|values|waiting)\//],
  ["tables", tables],
  ["summary", /\/ts\/io\/examples\/(summary\/(?!index|summarise|plain-text)|near\/)/],
  ["zip", zip],
  ["parquet", /\/ts\/io\/examples\/parquet\//],
  ["io", /\/ts\/io\/(?!node\/)/],
  ["head-fit", /\/ts\/train\/logistic\/(?!logistic-regression|scaled-vectors)/],
  ["models", /\/ts\/(models|train|adapters|tokenize)\//],
  ["tasks", /\/ts\/tasks\//],
  ["jobs", /\/ts\/(jobs|training)\/(?!node\/)/],
  ["federation", /\/ts\/federated\/(?!node\/|index)/],
];
// Papaparse asks for Node's streams where a program uses them, which this package does not.
// Entries do what they are imported for, which package.json, whose names are those in dist, does not tell of them.
const entries = {
  name: "entries",
  resolveId: (source, importer) => (importer ? null : { id: resolve(source), moduleSideEffects: true }),
};
const bundled = [entries, nodeResolve({ browser: true }), commonjs({ ignore: ["stream"] })];
/** Each package that is bundled is a file, so that a program goes without those it does not use. Parquet's reader, which is fetched when it is used, parts itself. */
const bundledPackage = (id) =>
  /\/node_modules\/(?:@(?:huggingface|bufbuild)\/)?(tokenizers|jinja|papaparse|fflate|aws4fetch|protobuf)\//.exec(
    id,
  )?.[1];
const area = (id) => areas.find(([, files]) => files.test(id))?.[0] ?? bundledPackage(id);

/** One entry a runtime, the command line, and the types that they share. */
export default [
  {
    input: whole ? { ...inNode, ...elsewhere } : inNode,
    external,
    plugins: [
      ...[typescript, binaries(builds), ...bundled, notices],
      ...[annotations, intrinsic, minified(Object.keys(elsewhere)), lines],
    ],
    // Flat: what entries share finds binaries and workers beside itself, as the entries would.
    output: {
      dir,
      format: "es",
      entryFileNames: "[name].js",
      chunkFileNames: "shared-[name].js",
      manualChunks: area,
      // Each script imports what it uses, no more: bundlers warn of imports of nothing.
      hoistTransitiveImports: false,
      sourcemap: true,
    },
  },
  // A file that needs no other, and runs as a module and as a classic script.
  whole && {
    input: "ts/entry/worker-browser.ts",
    plugins: [typescript, minified(["worker-browser"]), notInlined],
    output: { file: `${dir}/worker-browser.js`, format: "iife", sourcemap: true },
  },
  // The same of all that a page's worker uses, which people copy: what is fetched late elsewhere is in the file.
  whole && {
    input: "ts/entry/lowrank-worker.ts",
    plugins: [typescript, ...bundled, annotations, minified(["lowrank-worker"])],
    output: { file: `${dir}/lowrank-worker.js`, format: "iife", inlineDynamicImports: true },
  },
  whole && {
    // Node's entries have more names: what needs a file system.
    input: {
      index: "ts/index.ts",
      node: "ts/entry/node.ts",
      graph: "ts/entry/graph.ts",
      jobs: "ts/jobs/index.ts",
      serve: "ts/serve/index.ts",
      "jobs-node": "ts/entry/jobs-node.ts",
      remote: "ts/worker/index.ts",
      "remote-node": "ts/entry/remote-node.ts",
      "queue-node": "ts/entry/queue-node.ts",
      federated: "ts/federated/index.ts",
      "federated-node": "ts/entry/federated-node.ts",
    },
    external,
    plugins: [dts({ compilerOptions: { stripInternal: true } }), publicTypes],
    // Projects whose `lib` has no `Disposable` yet.
    output: {
      dir,
      format: "es",
      chunkFileNames: "chunks/[name].d.ts",
      banner: '/// <reference lib="esnext.disposable" />',
    },
  },
].filter(Boolean);
