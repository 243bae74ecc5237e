import { n, some } from "./en-numbers.js";

/** The measuring of this browser's arithmetic, in English. */
export const kernels = {
  heading: "How fast this browser computes",
  intro:
    "Models are made of products of matrices. This measures how many multiplications and additions a second they reach here, beside the most that this processor does when it computes and nothing else.",
  measure: "Measure",
  again: "Measure again",
  measuring: "Measuring …",
  time: "It takes some ten seconds, in which the machine is busy.",
  peak: "The most that there can be",
  peakHint:
    "independent multiply-adds that stay in registers; with more threads as many times as much, if each has a core of its own",
  rate: (gigaflops: number) => `${n(Math.round(10 * gigaflops) / 10)} billion a second`,
  share: (share: number) => `${Math.round(100 * share)} %`,
  threads: (count: number) => some(count, "thread", "threads"),
  product: (m: number, k: number, columns: number) => `${n(m)} × ${n(k)} times ${n(k)} × ${n(columns)}`,
  uses: {
    square: "a square one, as of benchmarks",
    layer: "a layer of the sentence model, for a batch of texts",
    wide: "a wide layer of it",
    adapter: "what an adapter adds to a layer",
  },
  columns: { product: "Product", peak: "Share of the most" },
  builds: {
    relaxed: "This browser multiplies and adds in one instruction (relaxed SIMD).",
    simd: "This browser multiplies and adds in two instructions. One with relaxed SIMD needs about half the time.",
  },
  oneThread: "Only one thread runs here",
  failed: "Nothing could be measured.",
  busy: "Shares vary by a few per cent from time to time; other tabs and a battery slow them down.",
};
