import type { compare as en } from "../en/compare.js";

/** The texts in French of the page that compares sentences. */
export const compare: typeof en = {
  heading: "Comparer des phrases",
  intro:
    "À quel point le modèle trouve deux phrases proches\u00a0: 1 veut dire identiques, 0 rien en commun. Un entraînement change ces nombres. Le modèle ne connaît guère que l’anglais.",
  firstLabel: "Comparer ces phrases, une par ligne",
  secondLabel: "avec celles-ci, une par ligne",
  // The model knows hardly any language but English.
  first: ["A warm and funny film.", "I fell asleep twice.", "The actors are wonderful."],
  second: ["What a joy to watch.", "Dull from beginning to end.", "It rained on Tuesday."],
  compare: "Comparer",
  busy: "Comparaison…",
  before: "Sans entraînement",
  after: (name) => `Avec l’entraînement sur «\u00a0${name}\u00a0»`,
  noAdapter:
    "Entraînez un modèle ou chargez-en un\u00a0: un second tableau montrera à quel point il trouve ces phrases proches.",
};
