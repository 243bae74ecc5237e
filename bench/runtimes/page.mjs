/* global navigator, location, fetch */
import { openJax } from "../contestants/jax.mjs";
import { openOnnxRuntime } from "../contestants/onnxruntime.mjs";
import { openOnnxRuntimeTraining } from "../contestants/onnxruntime-training.mjs";
import { openTfjs } from "../contestants/tfjs.mjs";

/** Where the server of `plan/chromium.mjs` shows bench/node_modules. */
const modules = `${location.origin}/bench/node_modules`;

/** Peers as a page loads them; each takes the number of threads. */
export const peersInPage = {
  /** Uses as many threads as the page says there are, where it is isolated. */
  async "jax-js"(threads) {
    pretendCores(threads);
    return openJax({ jax: await import("@jax-js/jax"), threads });
  },
  /** Uses half the cores of the page, unless told otherwise before its backend starts. */
  async "tfjs-wasm"(threads) {
    console.warn = () => undefined;
    const tf = await import("@tensorflow/tfjs");
    const backend = await import("@tensorflow/tfjs-backend-wasm");
    backend.setWasmPaths(`${modules}/@tensorflow/tfjs-backend-wasm/dist/`);
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", threads > 1);
    if (threads > 1) {
      pretendCores(2 * threads);
      backend.setThreadsCount(threads);
    }
    await tf.setBackend("wasm");
    await tf.ready();
    return openTfjs({ tf, threads });
  },
  async "onnxruntime-web"(threads) {
    const ort = await import("onnxruntime-web/wasm");
    Object.assign(ort.env.wasm, { numThreads: threads, wasmPaths: `${modules}/onnxruntime-web/dist/` });
    ort.env.logLevel = "error";
    return openOnnxRuntime({ ort, threads });
  },
  async "onnxruntime-web-training"(threads) {
    const ort = await import("ort119/training");
    Object.assign(ort.env.wasm, { numThreads: threads, wasmPaths: `${modules}/ort119/dist/` });
    ort.env.logLevel = "error";
    const load = async (name) => {
      const response = await fetch(`/artifacts/${name}`);
      if (!response.ok) throw new Error(`no file ${name}: its training artifacts were not made`);
      return new Uint8Array(await response.arrayBuffer());
    };
    return openOnnxRuntimeTraining({ ort, threads, load });
  },
};

function pretendCores(count) {
  Object.defineProperty(navigator, "hardwareConcurrency", { value: count, configurable: true });
}
