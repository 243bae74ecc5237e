import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { benchFolder, root } from "./paths.mjs";

const modules = "bench/node_modules";

/** What a page downloads to multiply two matrices: a binary, and the JavaScript that a bundler makes of a line of code. */
const downloads = [
  {
    peer: "lowrank",
    binary: "dist/wasm/lowrank-relaxed.wasm",
    code: 'import { Graph, init } from "../dist/browser.js"; await init(); const graph = new Graph(); const a = graph.constant({ shape: [1, 1], data: Float32Array.of(2) }); console.log(graph.value(graph.matmul(a, a)));',
  },
  {
    peer: "jax-js",
    binary: null,
    code: 'import { init, numpy } from "@jax-js/jax"; await init("wasm"); console.log(await numpy.matmul(numpy.ones([4, 4]), numpy.ones([4, 4])).data());',
  },
  {
    peer: "tfjs-wasm",
    binary: `${modules}/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm`,
    code: 'import { matMul, ones, setBackend } from "@tensorflow/tfjs-core"; import "@tensorflow/tfjs-backend-wasm"; await setBackend("wasm"); console.log(matMul(ones([4, 4]), ones([4, 4])).dataSync());',
  },
  {
    peer: "onnxruntime-web",
    binary: `${modules}/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm`,
    code: 'import { InferenceSession } from "onnxruntime-web/wasm"; console.log(await InferenceSession.create("model.onnx"));',
  },
  {
    peer: "onnxruntime-web-training",
    binary: `${modules}/ort119/dist/ort-training-wasm-simd-threaded.wasm`,
    code: 'import { TrainingSession } from "ort119/training"; console.log(await TrainingSession.create({ checkpointState: "checkpoint", trainModel: "model" }));',
  },
];

/** Kilobytes of each download, gzip: of the binary (null where code makes it) and of minified JavaScript. */
export async function downloadSizes() {
  const sizes = [];
  for (const { peer, binary, code } of downloads) {
    const wasm = binary === null ? null : zipped(readFileSync(join(root, binary)));
    sizes.push({ peer, wasm, js: await bundled(code) });
  }
  return sizes;
}

async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: benchFolder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
    outdir: dirname(benchFolder),
    logLevel: "silent",
    define: { "process.env.NODE_ENV": '"production"' },
    external: ["worker_threads", "perf_hooks", "os", "fs", "path", "crypto", "util", "ws", "module", "url"],
  });
  return outputFiles.reduce((sum, { contents }) => sum + zipped(contents), 0);
}

function zipped(bytes) {
  return gzipSync(bytes, { level: 9 }).length / 1000;
}
