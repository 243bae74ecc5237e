import { getLlama } from "node-llama-cpp";
import { BEHIND } from "./prompt.mjs";

/** llama.cpp, native, as node-llama-cpp brings it: no build of its own, no GPU. */
export async function openLlamaCpp({ threads, path, prompt }) {
  const llama = await getLlama({ build: "never", gpu: false, maxThreads: threads, logLevel: "error" });
  const begin = performance.now();
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: 512, batchSize: 512, threads });
  const loaded = performance.now() - begin;
  const sequence = context.getSequence();
  return {
    peer: "llama.cpp",
    build: null,
    threads,
    loaded,
    async run() {
      await sequence.clearHistory();
      const begin = performance.now();
      let [first, made] = [0, 0];
      for await (const _ of sequence.evaluate(prompt.ids, { temperature: 0 })) {
        first ||= performance.now();
        if (++made > BEHIND) break;
      }
      if (made <= BEHIND) throw new Error(`llama.cpp ended after ${made} tokens`);
      return { prompt: first - begin, generation: performance.now() - first };
    },
  };
}
