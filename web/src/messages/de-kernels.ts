import type { kernels as en } from "./en-kernels.js";
import { n, some } from "./de-numbers.js";

/** Das Messen der Rechenkerne auf Deutsch. */
export const kernels: typeof en = {
  heading: "Wie schnell dieser Browser rechnet",
  intro:
    "Modelle bestehen aus Produkten von Matrizen. Hier wird gemessen, wie viele Multiplikationen und Additionen in der Sekunde sie erreichen, neben dem Höchsten, was dieser Prozessor schafft, wenn er sonst nichts tut.",
  measure: "Messen",
  again: "Noch einmal messen",
  measuring: "Misst …",
  time: "Es dauert etwa zehn Sekunden, in denen die Maschine beschäftigt ist.",
  peak: "Mehr geht nicht",
  peakHint:
    "unabhängige Multiplikationen mit Addition, die in Registern bleiben; mit mehr Threads so viele Mal mehr, wenn jeder einen eigenen Kern hat",
  rate: (gigaflops) => `${n(Math.round(10 * gigaflops) / 10)} Milliarden je Sekunde`,
  share: (share) => `${Math.round(100 * share)} %`,
  threads: (count) => some(count, "Thread", "Threads"),
  product: (m, k, columns) => `${n(m)} × ${n(k)} mal ${n(k)} × ${n(columns)}`,
  uses: {
    square: "ein quadratisches, wie in Vergleichen",
    layer: "eine Schicht des Satzmodells, für einige Texte zusammen",
    wide: "eine breite Schicht davon",
    adapter: "was ein Adapter zu einer Schicht beiträgt",
  },
  columns: { product: "Produkt", peak: "Anteil am Höchsten" },
  builds: {
    relaxed: "Dieser Browser multipliziert und addiert mit einem Befehl (relaxed SIMD).",
    simd: "Dieser Browser braucht für Multiplizieren und Addieren zwei Befehle. Einer mit relaxed SIMD kommt mit etwa der halben Zeit aus.",
  },
  oneThread: "Hier läuft nur ein Thread",
  failed: "Es ließ sich nichts messen.",
  busy: "Die Anteile schwanken um einige Prozent; andere Tabs und Akkubetrieb bremsen.",
};
