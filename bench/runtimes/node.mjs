import { createRequire } from "node:module";
import { dirname } from "node:path";
import { openJax } from "../contestants/jax.mjs";
import { openOnnxRuntime } from "../contestants/onnxruntime.mjs";
import { openPython } from "../contestants/python.mjs";
import { openTfjs } from "../contestants/tfjs.mjs";
import { provideBrowserThreads } from "./node-threads.mjs";

const require = createRequire(import.meta.url);

/** What this runtime is called in results. */
export const runtimeName = `node ${process.versions.node.split(".")[0]}`;

/** Peers as Node loads them; each takes the number of threads. */
export const peersInNode = {
  async "jax-js"(threads) {
    if (threads > 1) provideBrowserThreads(threads);
    return openJax({ jax: await import("@jax-js/jax"), threads });
  },
  /** One thread: its build with threads is for pages. */
  async "tfjs-wasm"() {
    console.warn = () => undefined;
    const tf = require("@tensorflow/tfjs");
    require("@tensorflow/tfjs-backend-wasm").setWasmPaths(
      `${dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"))}/dist/`,
    );
    await tf.setBackend("wasm");
    await tf.ready();
    return openTfjs({ tf, threads: 1 });
  },
  async "onnxruntime-web"(threads) {
    const ort = await import("onnxruntime-web");
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    return openOnnxRuntime({ ort, threads });
  },
  torch: (threads) => openPython("torch", threads),
  numpy: (threads) => openPython("numpy", threads),
};
