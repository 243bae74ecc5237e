import type { compare as en } from "../en/compare.js";

/** The texts in Spanish of the page that compares sentences. */
export const compare: typeof en = {
  heading: "Comparar frases",
  intro:
    "Cuánto se parecen dos frases según el modelo: 1 significa iguales y 0, nada en común. Un entrenamiento cambia estos números. El modelo apenas conoce otro idioma que el inglés.",
  firstLabel: "Comparar estas, una por línea",
  secondLabel: "con estas, una por línea",
  // The model knows hardly any language but English.
  first: ["A warm and funny film.", "I fell asleep twice.", "The actors are wonderful."],
  second: ["What a joy to watch.", "Dull from beginning to end.", "It rained on Tuesday."],
  compare: "Comparar",
  busy: "Comparando…",
  before: "Sin entrenamiento",
  after: (name) => `Con el entrenamiento de «${name}»`,
  noAdapter: "Entrene o cargue un modelo, y una segunda tabla mostrará el parecido con él.",
};
