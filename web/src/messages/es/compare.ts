import type { compare as en } from "../en/compare.js";

/** The texts in Spanish of the page that compares sentences. */
export const compare: typeof en = {
  heading: "Comparar frases",
  intro:
    "Cuánto se parecen dos frases según el modelo: 1 significa iguales y 0, nada en común. Un entrenamiento cambia estos números.",
  firstLabel: "Comparar estas, una por línea",
  secondLabel: "con estas, una por línea",
  first: ["Una película cálida y divertida.", "Me dormí dos veces.", "Los actores son magníficos."],
  second: ["Un placer verla.", "Aburrida de principio a fin.", "El martes llovió."],
  compare: "Comparar",
  busy: "Comparando…",
  before: "Sin entrenamiento",
  after: (name) => `Con el entrenamiento de «${name}»`,
  noAdapter: "Entrene o cargue un modelo, y una segunda tabla mostrará el parecido con él.",
};
