import { readFileSync } from "node:fs";
import { dts } from "rollup-plugin-dts";
import { binaries } from "./scripts/bundle/binaries.mjs";
import { selfContained } from "./scripts/bundle/self-contained.mjs";
import { variants } from "./scripts/wasm/variants.mjs";
import { typescript } from "./scripts/bundle/typescript.mjs";

const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const external = (id) => id.startsWith("node:") || Object.keys(dependencies).some((name) => id.startsWith(name));
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
  "lowrank-worker-node": "ts/entry/lowrank-worker-node.ts",
};
const elsewhere = {
  browser: "ts/entry/browser.ts",
  workerd: "ts/entry/workerd.ts",
  inline: "ts/entry/inline.ts",
  "jobs-browser": "ts/entry/jobs-browser.ts",
  "jobs-workerd": "ts/entry/jobs-workerd.ts",
  "jobs-inline": "ts/entry/jobs-inline.ts",
  "worker-browser": "ts/entry/worker-browser.ts",
  "remote-browser": "ts/entry/remote-browser.ts",
};
/** What workers run, by their files. */
const scripts = { "lowrank-worker.js": "ts/entry/lowrank-worker.ts" };

/** What workers need too, and pages that have the engine in one. */
const pool = /\/ts\/(engine\/(pool|features|instantiate)|errors\/[\w-]+)\.ts$/;
const base = /\/ts\/(version|(arguments|waiting)\/.*|io\/byte-source|jobs\/store\/run-files)\.ts$/;
/** Apart, since its table of calls is made as it is loaded: a program without a worker leaves the file out. */
const client = /\/ts\/(worker\/(?!server).*|jobs\/store\/memory-store)\.ts$/;
/**
 * What entries share, by area: package.json says that these files have no side effects, so a bundler leaves out the areas
 * that a program does not use.
 */
const areas = [
  ["pool", pool],
  ["base", base],
  ["client", client],
  ["core", /\/ts\/(engine|graph|ops|optim|nn|errors|arguments|values|waiting)\//],
  ["io", /\/ts\/io\/(?!node\/)/],
  ["models", /\/ts\/(models|train)\//],
  ["jobs", /\/ts\/jobs\/(?!node\/)/],
];
const area = (id) => areas.find(([, files]) => files.test(id))?.[0];

/** One entry a runtime, the command line, and the types that they share. */
export default [
  {
    input: whole ? { ...inNode, ...elsewhere } : inNode,
    external,
    plugins: [typescript, binaries(builds), ...(whole ? [selfContained(scripts)] : [])],
    // Flat: what entries share finds binaries and workers beside itself, as the entries would.
    output: {
      dir,
      format: "es",
      entryFileNames: "[name].js",
      chunkFileNames: "shared-[name].js",
      manualChunks: area,
      sourcemap: true,
    },
  },
  whole && {
    // Node's entries have more names: what needs a file system.
    input: {
      index: "ts/index.ts",
      node: "ts/entry/node.ts",
      jobs: "ts/jobs/index.ts",
      "jobs-node": "ts/entry/jobs-node.ts",
      remote: "ts/worker/index.ts",
      "remote-node": "ts/entry/remote-node.ts",
    },
    external,
    plugins: [dts()],
    output: { dir, format: "es", chunkFileNames: "chunks/[name].d.ts" },
  },
].filter(Boolean);
