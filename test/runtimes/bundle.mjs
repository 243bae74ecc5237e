import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/setup/paths.mjs";

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
 */
export async function bundle({ contents, entry, outfile, external = false }) {
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
      onLoad({ filter: /golden\.ts$/ }, ({ path }) => (path === golden ? { contents: embedded() } : undefined));
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
    plugins: [published],
    logLevel: "error",
  });
  return outfile;
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

/** Makes a program for Node, Deno and Bun: it prints what `run` gives for its argument. */
export function bundleBitsProgram(outfile) {
  const main = `${bitsModule} console.log(JSON.stringify(await run(Number(process.argv[2]))));`;
  return bundle({ contents: `import process from "node:process"; ${main}`, entry: "node", outfile, external: true });
}
