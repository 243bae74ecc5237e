import type { kernels as en } from "../en/kernels.js";
import { n, some, wholePercent } from "./numbers.js";

/** The texts in French of the page that measures how fast this browser computes. */
export const kernels: typeof en = {
  heading: "À quelle vitesse ce navigateur calcule",
  intro:
    "Un modèle multiplie surtout des matrices, c’est-à-dire des tableaux de nombres. Cette page mesure combien de multiplications et d’additions ce navigateur fait par seconde, et compare ce nombre au maximum de ce processeur.",
  measure: "Mesurer",
  again: "Mesurer de nouveau",
  measuring: "Mesure en cours…",
  time: "Cela prend une dizaine de secondes, pendant lesquelles l’ordinateur est occupé.",
  peak: "Maximum de ce processeur",
  peakHint:
    "mesuré avec des multiplications et des additions sans accès à la mémoire\u00a0; avec plusieurs threads, c’est un multiple, si chacun a son propre cœur",
  rate: (gigaflops) => `${n(Math.round(10 * gigaflops) / 10)} milliards par seconde`,
  share: wholePercent,
  threads: (count) => some(count, "thread", "threads"),
  product: (m, k, columns) => `${n(m)} × ${n(k)} fois ${n(k)} × ${n(columns)}`,
  uses: {
    square: "matrices carrées, comme dans les comparatifs",
    layer: "une couche du modèle de phrases, pour plusieurs textes",
    wide: "une couche large du modèle de phrases",
    adapter: "ce qu’un entraînement ajoute à une couche",
  },
  columns: { product: "Matrices", peak: "Part du maximum" },
  builds: {
    relaxed: "Ce navigateur multiplie et additionne en une seule instruction (relaxed SIMD).",
    simd: "Ce navigateur multiplie et additionne en deux instructions. Un navigateur avec relaxed SIMD met environ deux fois moins de temps.",
  },
  oneThread: "Un seul thread fonctionne ici",
  failed: "La mesure a échoué.",
  busy: "Ces valeurs varient de quelques pour cent. D’autres onglets les font baisser, de même que l’alimentation par batterie.",
};
