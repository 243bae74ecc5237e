/* global location */
import { BEHIND, PROMPT } from "./prompt.mjs";

const modules = `${location.origin}/bench/node_modules`;
const quiet = { debug() {}, log() {}, warn() {}, error() {} };
const settings = (threads) => ({ n_ctx: 512, n_batch: 512, n_threads: threads });

/** wllama 3: a whole completion at a time, of which it tells the times itself. */
export async function openWllama({ threads, file, prompt }) {
  const { Wllama } = await import("@wllama/wllama");
  const wllama = new Wllama({ default: `${modules}/@wllama/wllama/esm/wasm/wllama.wasm` }, { logger: quiet });
  const begin = performance.now();
  await wllama.loadModel([file], { ...settings(threads), n_ubatch: 512, n_gpu_layers: 0, n_parallel: 1 });
  const asked = { prompt: prompt.text, max_tokens: BEHIND + 1, temperature: 0, cache_prompt: false, ignore_eos: true };
  return {
    ...side("wllama 3", wllama, begin),
    async run() {
      const { timings } = await wllama.createCompletion(asked);
      if (timings.prompt_n !== PROMPT) throw new Error(`wllama's prompt has ${timings.prompt_n} tokens, not ${PROMPT}`);
      return { prompt: timings.prompt_ms, generation: BEHIND * timings.predicted_per_token_ms };
    },
  };
}

/** wllama 2, which is faster on some machines: token by token. */
export async function openWllama2({ threads, file, prompt }) {
  // By a variable: the package's types are its sources, which do not pass this project's check of types.
  const version2 = "wllama2";
  const { Wllama } = await import(version2);
  const binary = (kind) => `${modules}/wllama2/esm/${kind}/wllama.wasm`;
  const paths = Object.fromEntries(
    ["single-thread", "multi-thread"].map((kind) => [`${kind}/wllama.wasm`, binary(kind)]),
  );
  const wllama = new Wllama(paths, { logger: quiet, suppressNativeLog: true });
  const begin = performance.now();
  await wllama.loadModel([file], settings(threads));
  return {
    ...side("wllama 2", wllama, begin),
    async run() {
      await wllama.kvClear();
      await wllama.samplingInit({ temp: 0 });
      const begin = performance.now();
      await wllama.decode(prompt.ids, {});
      const first = performance.now();
      for (let i = 0; i < BEHIND; i++) {
        const { token } = await wllama.samplingSample();
        await wllama.samplingAccept([token]);
        await wllama.decode([token], {});
      }
      return { prompt: first - begin, generation: performance.now() - first };
    },
  };
}

function side(peer, wllama, begin) {
  const threads = wllama.isMultithread() ? wllama.getNumThreads() : 1;
  return { peer, build: null, threads, loaded: performance.now() - begin };
}
