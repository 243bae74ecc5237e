import { existsSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { root } from "../setup/paths.mjs";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const runner = readFileSync(join(root, "scripts/bundle/script-runner.js"), "utf8");

/** A script's name: of its file, without folder and ending. */
const nameOf = (file) => /([\w-]+)\.js$/.exec(file)[1];

/** Throws if scripts import each other in a circle: each waits for those that it imports. */
function checkCircles(bundle) {
  const done = new Set();
  const visit = (file, path) => {
    if (path.includes(file)) throw new Error(`the worker's scripts import each other: ${[...path, file].join(" → ")}`);
    if (done.has(file)) return;
    bundle[file].imports.forEach((imported) => visit(imported, [...path, file]));
    done.add(file);
  };
  Object.keys(bundle).forEach((file) => visit(file, []));
}

/**
 * Rollup plugin, before minifying: makes scripts of rollup's format "system" ones that the worker's file runs and fetches by itself. They
 * import nothing by name, since bundlers of pages copy and rename each as it is. The worker's file runs in modules and in classic scripts alike.
 */
export const workerScripts = {
  name: "worker-scripts",
  renderChunk(code, { isEntry, fileName }) {
    const start = code.indexOf("System.register(");
    const ours = `lowrankScript(${JSON.stringify(version)}, ${JSON.stringify(nameOf(fileName))}, `;
    const script = ours + code.slice(start + "System.register(".length);
    return isEntry ? runner.replace("__VERSION__", version) + script : script;
  },
  generateBundle(_, bundle) {
    checkCircles(bundle);
    // They are fetched by `import()`, and this tells so to tools that look for it: a library in them may mention `module.exports`.
    for (const chunk of Object.values(bundle)) if (!chunk.isEntry) chunk.code += "export{}";
  },
};

/**
 * Scripts of a page's worker. `ts/entry/remote-browser.ts` names each, since bundlers copy only files whose names they see, so they are few.
 * The modules here, and those that an `import()` names, go to the script of the longest path here that they are or lie below. What they
 * import goes with the first of them, in this order, so that no script imports one that follows.
 */
const workerParts = {
  "ts/entry/lowrank-worker.ts": "lowrank-worker",
  "ts/engine/join.ts": "extra",
  "ts/worker/server/families/encoders.ts": "models",
  "ts/models/sentence/load-encoder.ts": "models",
  "ts/train/logistic": "extra",
  "ts/train/metrics": "extra",
  "ts/train/evaluators/regression-metrics.ts": "extra",
  "ts/tasks/head/opened-parts.ts": "extra",
  "ts/adapters/weighted-sum.ts": "extra",
  "ts/models": "encoders",
  "ts/models/estimate-memory.ts": "encoders",
  "ts/tokenize": "encoders",
  "ts/worker/server/families/tokens.ts": "tasks",
  "ts/worker/server/families/cross.ts": "tasks",
  "ts/models/sentence": "sentence",
  "ts/tasks/cross/save-cross.ts": "sentence",
  "ts/io/gguf": "gguf",
  "ts/models/gguf": "gguf",
  "ts/models/decoders.ts": "language",
  "ts/worker/server/families/language.ts": "language",
  "ts/models/language": "language",
  "ts/tasks/cross/open-answers.ts": "language",
  "ts/worker/server/families/storage.ts": "storage",
  "ts/io/page": "storage",
  "ts/worker/server/families/jobs.ts": "jobs",
  "ts/tasks/classify": "jobs",
  "ts/io": "tables",
  node_modules: "tables",
  "ts/tasks": "runs",
  "ts/tasks/pairs": "pairs-run",
  "ts/tasks/rank": "pairs-run",
  "ts/tasks/language": "language-run",
  "ts/tasks/preferences": "language-run",
  // Last: what it shares with the others stays with them, as few pages ask for it.
  "ts/engine/webgpu": "webgpu",
};

const inWorker = new Map();

/** Which script of a page's worker a module goes to. */
export function workerScriptOf(id, { getModuleInfo, getModuleIds }) {
  if (inWorker.size === 0) {
    const parts = Object.keys(workerParts);
    const gone = parts.filter((path) => !existsSync(join(root, path)));
    if (gone.length > 0)
      throw new Error(`the table of the worker's scripts names paths that do not exist: ${gone.join(", ")}`);
    const fileOf = (id) => relative(root, id.replace("\0", "")).split(sep).join("/");
    const partOf = (id) =>
      parts.filter((path) => `${fileOf(id)}/`.startsWith(`${path}/`)).sort((a, b) => b.length - a.length)[0];
    const add = (id, script) => {
      if (inWorker.has(id) || (workerParts[fileOf(id)] ?? script) !== script) return;
      inWorker.set(id, script);
      getModuleInfo(id).importedIds.forEach((imported) => add(imported, script));
    };
    const asked = [...getModuleIds()].filter(
      (id) => fileOf(id) in workerParts || getModuleInfo(id).dynamicImporters.length > 0,
    );
    for (const part of parts) for (const id of asked) if (partOf(id) === part) add(id, workerParts[part]);
  }
  return inWorker.get(id);
}
