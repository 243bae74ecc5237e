import { n, some, wholePercent } from "./numbers.js";

/** The texts in English of the page that measures how fast this browser computes. */
export const kernels = {
  heading: "How fast this browser computes",
  intro:
    "A model mostly multiplies matrices, which are tables of numbers. This page measures how many multiplications and additions this browser does per second, and compares that with the maximum of this processor.",
  measure: "Measure",
  again: "Measure again",
  measuring: "Measuring …",
  time: "This takes about ten seconds, in which the computer is busy.",
  peak: "Maximum of this processor",
  peakHint:
    "measured with multiplications and additions that need no memory access; with several threads it is a multiple, if each has its own core",
  rate: (gigaflops: number) => `${n(Math.round(10 * gigaflops) / 10)} billion per second`,
  share: wholePercent,
  threads: (count: number) => some(count, "thread", "threads"),
  product: (m: number, k: number, columns: number) => `${n(m)} × ${n(k)} times ${n(k)} × ${n(columns)}`,
  uses: {
    square: "square matrices, as in benchmarks",
    layer: "a layer of the sentence model, for several texts",
    wide: "a wide layer of the sentence model",
    adapter: "what an adapter adds to a layer",
  },
  columns: { product: "Matrices", peak: "Share of the maximum" },
  builds: {
    relaxed: "This browser multiplies and adds in one instruction (relaxed SIMD).",
    simd: "This browser multiplies and adds in two instructions. A browser with relaxed SIMD needs about half the time.",
  },
  oneThread: "Only one thread runs here",
  failed: "The measurement failed.",
  busy: "The shares vary by a few per cent. Other tabs lower them, and so does running on battery.",
};
