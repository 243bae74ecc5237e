import type { headline as en } from "../en/headline.js";

export const headline: typeof en = {
  classify: (right, guess) =>
    `${right} textos reciben la etiqueta correcta. Con la etiqueta más frecuente para todos: ${guess}.`,
  labels: (right, guess) =>
    `${right} textos reciben exactamente sus etiquetas. Con las más frecuentes para todos: ${guess}.`,
  numbers: (error, guess) => `El número predicho se desvía ${error} de media. Prediciendo siempre la media: ${guess}.`,
  words: (found, right) =>
    `De lo marcado en sus textos se encuentra ${found}; de lo que marca el modelo es correcto ${right}.`,
  of: (count, all) => `${count} de ${all}`,
  verdict: {
    heads: {
      better: "El modelo entrenado es mejor.",
      rare: "El modelo entrenado es mejor con las etiquetas poco frecuentes.",
      equal: "Más o menos iguales.",
      simple: "El modelo sencillo es mejor.",
      guess: "No mejor que adivinar.",
      worse: "Peor que adivinar.",
      alone: "Mejor que adivinar.",
    },
    measured: {
      classify: (share) => `${share} textos correctos`,
      "multi-label": (share) => `${share} textos del todo correctos`,
      regress: (error) => `desvío medio de ${error}`,
      tokens: (share) => `F1 ${share}`,
    },
    better: (adapted, simple) =>
      `Modelo entrenado: ${adapted}; modelo sencillo: ${simple}. La diferencia probablemente no se debe al azar.`,
    rare: (adapted, simple, points) =>
      `Modelo entrenado: ${adapted}; modelo sencillo: ${simple}. En la media de las etiquetas (macro F1), el modelo entrenado tiene ${points} puntos porcentuales más, lo que no se debe al azar.`,
    equal: (adapted, simple) =>
      `Modelo entrenado: ${adapted}; modelo sencillo: ${simple}. La diferencia puede deberse al azar. Use el modelo sencillo: es más pequeño.`,
    simple: (simple, adapted) =>
      `Modelo sencillo: ${simple}; modelo entrenado: ${adapted}. Use el modelo sencillo: el entrenamiento completo no ayuda aquí.`,
    guess: (best, guess) =>
      `El modelo: ${best}; adivinando: ${guess}. No lo use todavía. Más filas, o filas más claras, pueden ayudar.`,
    alone: (adapted, guess) => `Modelo entrenado: ${adapted}; adivinando: ${guess}.`,
    below: "El modelo entrenado es incluso peor que adivinar.",
  },
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
