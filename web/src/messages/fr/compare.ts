import type { compare as en } from "../en/compare.js";

/** The texts in French of the page that compares sentences. */
export const compare: typeof en = {
  heading: "Comparer des phrases",
  intro:
    "À quel point le modèle trouve deux phrases proches\u00a0: 1 veut dire identiques, 0 rien en commun. Un entraînement change ces nombres.",
  firstLabel: "Comparer ces phrases, une par ligne",
  secondLabel: "avec celles-ci, une par ligne",
  first: ["Un film drôle et chaleureux.", "Je me suis endormi deux fois.", "Les acteurs sont formidables."],
  second: ["Un vrai bonheur à regarder.", "Ennuyeux du début à la fin.", "Mardi, il a plu."],
  compare: "Comparer",
  busy: "Comparaison…",
  before: "Sans entraînement",
  after: (name) => `Avec l’entraînement sur «\u00a0${name}\u00a0»`,
  noAdapter:
    "Entraînez un modèle ou chargez-en un\u00a0: un second tableau montrera à quel point il trouve ces phrases proches.",
};
