import type { textLanguage as en } from "../en/text-language.js";
import { and } from "./numbers.js";

/** The texts in French about the language of a table's texts, and the model for it. */
export const textLanguage: typeof en = {
  facts: {
    one: (names) => `textes en ${and(names)}`,
    mostly: (names) => `textes surtout en ${and(names)}`,
    mixed: (names) => `textes en ${and(names)}`,
    perhaps: (names) => `textes peut-être en ${and(names)}`,
    unsure: () => "langue des textes non reconnue",
  },
  headings: {
    one: (names) => `Vos textes sont en ${and(names)}`,
    mostly: (names) => `La plupart de vos textes sont en ${and(names)}`,
    mixed: (names) => `Vos textes sont en ${and(names)}`,
    perhaps: (names) => `Vos textes sont peut-être en ${and(names)}`,
    unsure: () => "Vos textes sont-ils en anglais\u00a0?",
  },
  why: "Le modèle habituel ne connaît guère d’autre langue que l’anglais.",
  whyUnsure:
    "Ils sont trop courts ou trop variés pour le savoir. Le modèle habituel ne connaît guère d’autre langue que l’anglais.",
  use: (size) => `Utiliser le modèle multilingue (${size})`,
  useHint:
    "Le modèle multilingue en connaît une cinquantaine. Il est téléchargé une seule fois, et l’entraînement dure environ deux fois plus longtemps.",
  stay: "Vous pouvez garder le modèle anglais\u00a0: l’entraînement fonctionne, mais il se fie à l’orthographe plus qu’au sens et se trompera plus souvent.",
  chosen: (size) => `Le modèle multilingue est utilisé. Il est téléchargé une seule fois (${size}).`,
  english: (size) => `Utiliser plutôt le modèle anglais (${size})`,
  multilingual: "modèle multilingue",
};
