import type { kernels as en } from "../en/kernels.js";
import { n, some, wholePercent } from "./numbers.js";

/** The texts in German of the page that measures how fast this browser computes. */
export const kernels: typeof en = {
  heading: "Wie schnell dieser Browser rechnet",
  intro:
    "Ein Modell multipliziert vor allem Matrizen, also Tabellen von Zahlen. Diese Seite misst, wie viele Multiplikationen und Additionen dieser Browser je Sekunde schafft, und vergleicht das mit dem Maximum dieses Prozessors.",
  measure: "Messen",
  again: "Noch einmal messen",
  measuring: "Misst …",
  time: "Es dauert etwa zehn Sekunden, in denen der Computer beschäftigt ist.",
  peak: "Maximum dieses Prozessors",
  peakHint:
    "gemessen mit Multiplikationen und Additionen ohne Zugriff auf den Speicher; mit mehreren Threads ein Mehrfaches, wenn jeder einen eigenen Kern hat",
  rate: (gigaflops) => `${n(Math.round(10 * gigaflops) / 10)} Milliarden je Sekunde`,
  share: wholePercent,
  threads: (count) => some(count, "Thread", "Threads"),
  product: (m, k, columns) => `${n(m)} × ${n(k)} mal ${n(k)} × ${n(columns)}`,
  uses: {
    square: "quadratische Matrizen, wie in Vergleichen üblich",
    layer: "eine Schicht des Satzmodells, für mehrere Texte",
    wide: "eine breite Schicht des Satzmodells",
    adapter: "was ein Adapter zu einer Schicht beiträgt",
  },
  columns: { product: "Matrizen", peak: "Anteil am Maximum" },
  builds: {
    relaxed: "Dieser Browser multipliziert und addiert mit einem Befehl (relaxed SIMD).",
    simd: "Dieser Browser multipliziert und addiert mit zwei Befehlen. Ein Browser mit relaxed SIMD braucht etwa die halbe Zeit.",
  },
  oneThread: "Hier läuft nur ein Thread",
  failed: "Die Messung ist gescheitert.",
  busy: "Die Anteile schwanken um einige Prozent. Andere Tabs und Akkubetrieb senken sie.",
};
