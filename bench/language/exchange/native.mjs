import { getLlama } from "node-llama-cpp";

/** llama.cpp, native, on one thread, as node-llama-cpp brings it. */
export const openNative = () => getLlama({ build: "never", gpu: false, maxThreads: 1, logLevel: "error" });

/** Of prompt and text together. */
const CONTEXT = 256;

/** Keys and values in float32, as ours are. */
const exact = { experimentalKvCacheKeyType: "F32", experimentalKvCacheValueType: "F32", flashAttention: false };

/**
 * Greedy ids behind each prompt, past the end-of-text token, and what llama.cpp makes of the prompts' texts.
 * @param {string | null} adapter a GGUF LoRA
 * @param {{ ids: number[], text?: string }[]} prompts
 */
export async function nativeGreedy(llama, file, adapter, prompts, count) {
  const model = await llama.loadModel({ modelPath: file });
  const lora = adapter === null ? {} : { lora: { adapters: [{ filePath: adapter }] } };
  const context = await model.createContext({ contextSize: CONTEXT, threads: 1, ...exact, ...lora });
  const sequence = context.getSequence();
  const made = [];
  for (const { ids } of prompts) {
    await sequence.clearHistory();
    const own = [];
    for await (const id of sequence.evaluate([...ids], { temperature: 0, yieldEogToken: true }))
      if (own.push(id) === count) break;
    made.push(own);
  }
  const said = {
    ids: prompts.map(({ text }) => (text === undefined ? null : [...model.tokenize(text)])),
    template: model.fileInfo.metadata.tokenizer?.chat_template,
    isEnd: (id) => model.isEogToken(id),
  };
  const ends = Array.from({ length: 16 }, (_, id) => id).filter(said.isEnd);
  await context.dispose();
  await model.dispose();
  return { made, ids: said.ids, template: said.template, ends };
}
