import type { headline as en } from "../en/headline.js";

export const headline: typeof en = {
  classify: (right, guess) =>
    `${right} textos reciben la etiqueta correcta. Con la etiqueta más frecuente para todos: ${guess}.`,
  labels: (right, guess) =>
    `${right} textos reciben exactamente sus etiquetas. Con las más frecuentes para todos: ${guess}.`,
  numbers: (error, guess) => `El número predicho se desvía ${error} de media. Prediciendo siempre la media: ${guess}.`,
  words: (found, right) =>
    `Se encuentra el ${found} de lo marcado en sus textos, y el ${right} de lo que marca el modelo es correcto.`,
  of: (count, all) => `${count} de ${all}`,
  rounds: (results) => `Sus entrenamientos con esta tabla: ${results.join(" → ")}`,
  errors: (results) => `Error medio de sus entrenamientos con esta tabla, cuanto menor, mejor: ${results.join(" → ")}`,
  toDoubts: "A continuación: revise las etiquetas que pueden estar mal",
  toMistakes: "A continuación: lea los errores",
  toTake: "A continuación: use el modelo",
  details: "Detalles",
  unchanged: "Sin cambios desde este entrenamiento.",
  foreign:
    "No todos sus textos están en inglés. Con el modelo multilingüe, que se elige en «Datos», muy probablemente más textos recibirán la etiqueta correcta.",
  manyDoubts: (share) =>
    `El modelo sencillo no coincide con el ${share} de las filas. Cuando son tantas, casi siempre se equivoca el modelo: cambie una etiqueta solo después de leer el texto.`,
};
