import { BEHIND, promptOf } from "./prompt.mjs";

/**
 * The library with a model from a GGUF file, as its users drive it.
 * @param {{ library: string, build: "simd" | "relaxed", threads: number, file: Blob, tile?: object }} options `library`: address of its entry
 */
export async function openLowrank({ library, build, threads, file, tile = "auto" }) {
  const { blobSource, CausalLanguageModel, ggufSource, init } = await import(library);
  const info = await init({ build, threads, tile });
  const begin = performance.now();
  const model = await CausalLanguageModel.load(await ggufSource(() => blobSource(file)), { weights: "auto" });
  const loaded = performance.now() - begin;
  const prompt = promptOf(model.tokenizer);
  const asked = { maxTokens: BEHIND + 1, ignoreEnd: true, logProbabilities: false };
  return {
    peer: "lowrank",
    build: info.build,
    threads: info.threads,
    loaded,
    prompt,
    async run() {
      const begin = performance.now();
      let first = 0;
      for await (const _ of model.generateTokens(Int32Array.from(prompt.ids), asked)) first ||= performance.now();
      return { prompt: first - begin, generation: performance.now() - first };
    },
  };
}
