import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { modelCache, root } from "../../scripts/setup/paths.mjs";

const golden = join(root, "test/golden.ts");
/** Goldens that a bundle carries in itself: edge workers have no files, and the others then do the same. */
const carried = ["adapters/base/tiny_bert/config.json", "adapters/base/tiny_bert/model.safetensors"];

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
  import { bits } from "./test/bits/cases.js";
  export async function run(threads) {
    const { build, threads: running, threadsRefused } = await init({ build: "simd", threads });
    return { build, threads: running, threadsRefused, bits: await bits() };
  }
`;

/** Exports `run(threads)`: what the kernels are, the losses of PEFT's steps on MiniLM, and the adapter afterwards. */
export const replayModule = `
  import { init, SentenceEncoder } from "./ts/index.js";
  import { sha256 } from "./test/bits/sha256.js";
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
