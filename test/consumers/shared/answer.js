import { files } from "./model.js";

/** What every runtime must say: the build, its threads, the bits of a sentence's vector, and why there is but one thread. */
export async function answer({ init, SentenceEncoder }, options) {
  const { build, threads, threadsRefused } = await init({ build: "simd", threads: 2, ...options });
  const encoder = await SentenceEncoder.load(files());
  const [vector] = await encoder.encode(["The film was very good."]);
  const words = new Uint32Array(vector.buffer, vector.byteOffset, vector.length);
  const bits = words.reduce((sum, word) => (Math.imul(sum, 31) + word) >>> 0, 0);
  return `${build} ${threads} ${bits.toString(16)}${threadsRefused === null ? "" : `, for ${threadsRefused}`}`;
}
