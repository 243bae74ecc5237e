import type { kernels as en } from "../en/kernels.js";
import { n, some, wholePercent } from "./numbers.js";

/** The texts in Spanish of the page that measures how fast this browser computes. */
export const kernels: typeof en = {
  heading: "Con qué rapidez calcula este navegador",
  intro:
    "Un modelo multiplica sobre todo matrices, es decir, tablas de números. Esta página mide cuántas multiplicaciones y sumas hace este navegador por segundo y las compara con el máximo de este procesador.",
  measure: "Medir",
  again: "Medir de nuevo",
  measuring: "Midiendo…",
  time: "Tarda unos diez segundos, en los que el equipo está ocupado.",
  peak: "Máximo de este procesador",
  peakHint:
    "medido con multiplicaciones y sumas que no acceden a la memoria; con varios hilos es un múltiplo, si cada uno tiene su propio núcleo",
  rate: (gigaflops) => `${n(Math.round(10 * gigaflops) / 10)} mil millones por segundo`,
  share: wholePercent,
  threads: (count) => some(count, "hilo", "hilos"),
  product: (m, k, columns) => `${n(m)} × ${n(k)} por ${n(k)} × ${n(columns)}`,
  uses: {
    square: "matrices cuadradas, como en las pruebas de rendimiento",
    layer: "una capa del modelo de frases, para varios textos",
    wide: "una capa ancha del modelo de frases",
    adapter: "lo que un entrenamiento añade a una capa",
  },
  columns: { product: "Matrices", peak: "Porcentaje del máximo" },
  builds: {
    relaxed: "Este navegador multiplica y suma en una sola instrucción (relaxed SIMD).",
    simd: "Este navegador multiplica y suma en dos instrucciones. Un navegador con relaxed SIMD tarda más o menos la mitad.",
  },
  oneThread: "Aquí solo funciona un hilo",
  failed: "La medición ha fallado.",
  busy: "Los porcentajes varían un poco. Otras pestañas los reducen, y funcionar con batería también.",
};
