import { and } from "./numbers.js";

/** The texts in English about the language of a table's texts, and the model for it. */
export const textLanguage = {
  facts: {
    one: (names: readonly string[]) => `texts in ${and(names)}`,
    mostly: (names: readonly string[]) => `texts mostly in ${and(names)}`,
    mixed: (names: readonly string[]) => `texts in ${and(names)}`,
    perhaps: (names: readonly string[]) => `texts perhaps in ${and(names)}`,
    unsure: () => "language of the texts not recognised",
  },
  headings: {
    one: (names: readonly string[]) => `Your texts are in ${and(names)}`,
    mostly: (names: readonly string[]) => `Most of your texts are in ${and(names)}`,
    mixed: (names: readonly string[]) => `Your texts are in ${and(names)}`,
    perhaps: (names: readonly string[]) => `Your texts are perhaps in ${and(names)}`,
    unsure: () => "Are your texts in English?",
  },
  why: "The usual model knows hardly any language but English.",
  whyUnsure: "They are too short, or too different, to tell. The usual model knows hardly any language but English.",
  use: (size: string) => `Use the multilingual model (${size})`,
  useHint: "The multilingual one knows about fifty. It is downloaded once, and training takes about twice as long.",
  stay: "If you stay with the English model, training works too, but it judges by spelling more than by meaning: expect more mistakes.",
  chosen: (size: string) => `The multilingual model is used. It is downloaded once (${size}).`,
  english: (size: string) => `Use the English model instead (${size})`,
  multilingual: "multilingual model",
};
