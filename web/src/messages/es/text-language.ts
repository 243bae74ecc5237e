import type { textLanguage as en } from "../en/text-language.js";
import { and } from "./numbers.js";

/** The texts in Spanish about the language of a table's texts, and the model for it. */
export const textLanguage: typeof en = {
  facts: {
    one: (names) => `textos en ${and(names)}`,
    mostly: (names) => `textos sobre todo en ${and(names)}`,
    mixed: (names) => `textos en ${and(names)}`,
    perhaps: (names) => `textos quizá en ${and(names)}`,
    unsure: () => "idioma de los textos no reconocido",
  },
  headings: {
    one: (names) => `Sus textos están en ${and(names)}`,
    mostly: (names) => `La mayoría de sus textos están en ${and(names)}`,
    mixed: (names) => `Sus textos están en ${and(names)}`,
    perhaps: (names) => `Quizá sus textos estén en ${and(names)}`,
    unsure: () => "¿Están sus textos en inglés?",
  },
  why: "El modelo habitual apenas conoce otro idioma que el inglés.",
  whyUnsure:
    "Son demasiado cortos o demasiado distintos para saberlo. El modelo habitual apenas conoce otro idioma que el inglés.",
  use: (size) => `Usar el modelo multilingüe (${size})`,
  useHint:
    "El multilingüe conoce unos cincuenta. Se descarga una sola vez, y el entrenamiento dura más o menos el doble.",
  stay: "También puede seguir con el modelo inglés: el entrenamiento funciona, pero se fija más en la ortografía que en el significado y se equivocará más.",
  chosen: (size) => `Se usa el modelo multilingüe. Se descarga una sola vez (${size}).`,
  english: (size) => `Usar el modelo inglés (${size})`,
  multilingual: "modelo multilingüe",
};
