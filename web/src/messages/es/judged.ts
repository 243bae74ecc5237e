import type { judged as en } from "../en/judged.js";
import { some } from "./numbers.js";

const pairs = (count: number) => some(count, "pareja", "parejas");

/** The texts in Spanish of thumbs up and down in the chat. */
export const judged: typeof en = {
  good: "Buena respuesta",
  bad: "Mala respuesta",
  other: { good: "Una respuesta peor", bad: "Una respuesta mejor" },
  hint: {
    good: "Escriba una, o deje que el modelo escriba otras hasta que una sea peor. El entrenamiento hace más probable la buena respuesta.",
    bad: "Escriba una, o deje que el modelo escriba otras hasta que una sea mejor. El entrenamiento hace más probable la mejor respuesta.",
  },
  another: "Escribir otra",
  writing: "Escribiendo…",
  keep: "Conservar esta pareja",
  cancel: "Cancelar",
  same: "Las dos respuestas son iguales.",
  kept: "Conservada para el entrenamiento",
  removed: "Pareja eliminada",
  heading: "Respuestas valoradas",
  intro: (count) => `${pairs(count)} de una respuesta mejor y otra peor, según sus pulgares arriba y abajo.`,
  show: "Mostrar las parejas",
  better: "Mejor:",
  worse: "Peor:",
  remove: (asked) => `Eliminar la pareja de «${asked}»`,
  train: (count) => (count === 1 ? "Entrenar con esta pareja" : `Entrenar con estas ${pairs(count)}`),
  save: "Guardar como tabla",
  name: "Respuestas valoradas",
  file: "respuestas-valoradas.jsonl",
};
