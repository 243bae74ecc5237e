import { readFileSync } from "node:fs";
import { join } from "node:path";
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
