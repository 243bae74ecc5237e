import type { textLanguage as en } from "../en/text-language.js";
import { and } from "./numbers.js";

/** The texts in German about the language of a table's texts, and the model for it. */
export const textLanguage: typeof en = {
  facts: {
    one: (names) => `Texte auf ${and(names)}`,
    mostly: (names) => `Texte meist auf ${and(names)}`,
    mixed: (names) => `Texte auf ${and(names)}`,
    perhaps: (names) => `Texte vielleicht auf ${and(names)}`,
    unsure: () => "Sprache der Texte nicht erkannt",
  },
  headings: {
    one: (names) => `Ihre Texte sind auf ${and(names)}`,
    mostly: (names) => `Ihre Texte sind meist auf ${and(names)}`,
    mixed: (names) => `Ihre Texte sind auf ${and(names)}`,
    perhaps: (names) => `Ihre Texte sind vielleicht auf ${and(names)}`,
    unsure: () => "Sind Ihre Texte auf Englisch?",
  },
  why: "Das übliche Modell kann kaum eine andere Sprache als Englisch.",
  whyUnsure:
    "Sie sind zu kurz oder zu verschieden, um das zu erkennen. Das übliche Modell kann kaum eine andere Sprache als Englisch.",
  use: (size) => `Mehrsprachiges Modell verwenden (${size})`,
  useHint:
    "Das mehrsprachige kann etwa fünfzig. Es wird einmal heruntergeladen, und das Training dauert etwa doppelt so lang.",
  stay: "Auch mit dem englischen Modell können Sie trainieren. Es achtet dann aber mehr auf die Schreibweise als auf den Sinn und macht mehr Fehler.",
  chosen: (size) => `Das mehrsprachige Modell wird verwendet. Es wird einmal heruntergeladen (${size}).`,
  english: (size) => `Doch das englische Modell verwenden (${size})`,
  multilingual: "mehrsprachiges Modell",
};
