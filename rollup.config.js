import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import commonjs from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { annotations } from "./scripts/bundle/annotations.mjs";
import { binaries } from "./scripts/bundle/binaries.mjs";
import { declarations } from "./scripts/bundle/declarations.mjs";
import { intrinsic } from "./scripts/bundle/intrinsics.mjs";
import { lines } from "./scripts/bundle/lines.mjs";
import { minified } from "./scripts/bundle/minified.mjs";
import { notInlined } from "./scripts/bundle/not-inlined.mjs";
import { notices } from "./scripts/bundle/notices.mjs";
import { workerScriptOf, workerScripts } from "./scripts/bundle/worker-scripts.mjs";
import { variants } from "./scripts/wasm/variants.mjs";
import { typescript } from "./scripts/bundle/typescript.mjs";

// Dependencies that run in Node alone. Others are bundled: without a bundler, a page or worker finds no package by its name.
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const installed = Object.keys(dependencies);
const external = (id) => id.startsWith("node:") || installed.some((name) => id === name || id.startsWith(`${name}/`));
// The set-up builds into a folder of its own and renames it when complete.
const dir = process.env.DIST ?? "dist";
// For `npm start` there is one build of the kernels, and what runs in Node is enough.
const builds = process.env.BUILDS?.split(",").filter(Boolean) ?? Object.keys(variants);
const whole = builds.length === Object.keys(variants).length;
const inNode = {
  node: "ts/entry/node.ts",
  "jobs-node": "ts/entry/jobs-node.ts",
  cli: "ts/cli/main.ts",
  "remote-node": "ts/entry/remote-node.ts",
  "extension-node": "ts/entry/extension-node.ts",
  "extension-cli": "ts/cli/extension.ts",
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
  ai: "ts/entry/ai.ts",
  extension: "ts/entry/extension.ts",
};
// Papaparse asks for Node's streams where a program uses them, which this package does not.
// Entries do what they are imported for, which package.json, whose names are those in dist, does not tell of them.
const entries = {
  name: "entries",
  resolveId: (source, importer) => (importer ? null : { id: resolve(source), moduleSideEffects: true }),
};
const bundled = [entries, nodeResolve({ browser: true }), commonjs({ ignore: ["stream"] })];

/** One entry a runtime and the command line, with the binaries. */
const scripts = [
  {
    input: whole ? { ...inNode, ...elsewhere } : inNode,
    external,
    plugins: [
      typescript,
      binaries(builds),
      ...bundled,
      notices,
      annotations,
      intrinsic,
      minified(Object.keys(elsewhere)),
      lines,
    ],
    // Flat: what entries share finds binaries and workers beside itself, as the entries would.
    output: {
      dir,
      format: "es",
      // Here, since ESLint reads a source that begins so by loading every type once more.
      banner: ({ name }) => (name === "cli" ? "#!/usr/bin/env node" : ""),
      entryFileNames: "[name].js",
      chunkFileNames: "shared-[name].js",
      // Bytes: rollup joins smaller scripts with others. Above this, a page without a bundler loads more that it does not need (at 12,000
      // 20 kB gzip more in half as many files).
      experimentalMinChunkSize: 3000,
      // Each script imports what it uses, no more: bundlers warn of imports of nothing.
      hoistTransitiveImports: false,
    },
  },
  // The thread of a pool in Node: a file that needs no other, which people copy beside their own bundle.
  {
    input: "ts/entry/worker-node.ts",
    external,
    plugins: [typescript, intrinsic, minified([])],
    output: { file: `${dir}/worker-node.js`, format: "es" },
  },
  // A file that needs no other, and runs as a module and as a classic script.
  whole && {
    input: "ts/entry/worker-browser.ts",
    plugins: [typescript, minified(["worker-browser"]), notInlined],
    output: { file: `${dir}/worker-browser.js`, format: "iife" },
  },
].filter(Boolean);

/** A page's worker, which people copy with the scripts that it fetches, in a folder. */
const worker = {
  input: "ts/entry/lowrank-worker.ts",
  plugins: [typescript, ...bundled, annotations, workerScripts, minified(["lowrank-worker"])],
  output: {
    dir,
    format: "system",
    entryFileNames: "[name].js",
    chunkFileNames: "worker/[name].js",
    manualChunks: workerScriptOf,
    hoistTransitiveImports: false,
  },
};

/** The types that the entries share. */
const types = declarations(
  // Node's entries have more names: what needs a file system.
  {
    index: "ts/index.ts",
    node: "ts/entry/node.ts",
    graph: "ts/entry/graph.ts",
    jobs: "ts/jobs/index.ts",
    serve: "ts/serve/index.ts",
    ai: "ts/entry/ai.ts",
    "jobs-node": "ts/entry/jobs-node.ts",
    remote: "ts/worker/index.ts",
    "remote-node": "ts/entry/remote-node.ts",
    "extension-node": "ts/entry/extension-node.ts",
    "extension-cli": "ts/cli/extension.ts",
    extension: "ts/entry/extension.ts",
  },
  dir,
  external,
);

// Neither needs the binaries: the set-up builds them while the kernels compile.
const parts = { scripts, worker, types };
const chosen = process.env.PARTS?.split(",") ?? (whole ? Object.keys(parts) : ["scripts"]);

export default chosen.flatMap((part) => parts[part]);
