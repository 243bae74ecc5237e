import { some } from "./numbers.js";
import type { forTasks as en } from "../en/tasks.js";

const rows = (count: number) => some(count, "fila", "filas");
const labelled = (count: number, labels: number) => `${rows(count)}, ${some(labels, "etiqueta", "etiquetas")}`;

/** The texts in Spanish of each task, and of the results for several labels, numbers and words. */
export const forTasks: typeof en = {
  each: {
    classify: {
      name: "Una etiqueta por texto",
      column: "Etiqueta",
      columns: "Columna de etiquetas",
      missing: "etiqueta",
      same: "la misma etiqueta",
      different: "etiquetas distintas",
      given: labelled,
      chart: "Filas de control acertadas; cuanto más alto, mejor",
      measured: (now, best) => `${now} de las filas de control acertadas; ${best} como mejor valor`,
    },
    "multi-label": {
      name: "Varias etiquetas por texto",
      column: "Etiquetas",
      columns: "Columnas de etiquetas",
      missing: "etiqueta",
      same: "las mismas etiquetas",
      different: "etiquetas distintas",
      given: labelled,
      chart: "Etiquetas encontradas en las filas de control (F1 micro); cuanto más alto, mejor",
      measured: (now, best) => `F1 ${now} en las filas de control; ${best} como mejor valor`,
    },
    regress: {
      name: "Un número por texto",
      column: "Número",
      columns: "Columna de números",
      missing: "número",
      same: "el mismo número",
      different: "números distintos",
      given: (count) => `${rows(count)} con un número`,
      chart: "Orden de las filas de control (Spearman); cuanto más alto, mejor",
      measured: (now, best) => `Spearman ${now} en las filas de control; ${best} como mejor valor`,
    },
    tokens: {
      name: "Palabras etiquetadas en un texto",
      column: "Palabras marcadas",
      columns: "Columna de marcas",
      missing: "etiqueta",
      same: "las mismas palabras marcadas",
      different: "otras palabras marcadas",
      given: labelled,
      chart: "Palabras encontradas en las filas de control (F1 de entidades); cuanto más alto, mejor",
      measured: (now, best) => `F1 ${now} en las filas de control; ${best} como mejor valor`,
    },
  },
  labels: {
    mostFrequent: "Siempre las etiquetas más frecuentes",
    mostFrequentHint: "adivinar sin leer el texto: la combinación más frecuente",
    interval:
      "F1 de todas las etiquetas juntas (F1 micro): 100\u00a0% si se encuentran todas y no sobra ninguna. Marcado en la barra: el intervalo en el que muy probablemente se encuentra con otros textos como estos (95\u00a0%).",
    others: "Otras medidas",
    metrics: { f1Macro: "Media de las etiquetas", map: "Orden (mAP)", exactMatch: "Todas las etiquetas correctas" },
    metricHints: {
      f1Macro: "F1 macro; las etiquetas poco frecuentes cuentan tanto como las frecuentes",
      map: "si los textos con una etiqueta van antes que los que no la tienen; no depende de umbrales",
      exactMatch: "porcentaje de textos con exactamente sus etiquetas",
    },
    each: "Cada etiqueta",
    eachChosen:
      "Un texto recibe una etiqueta a partir de su umbral: la probabilidad que dio el mejor resultado en las filas de control.",
    eachAtHalf:
      "Un texto recibe una etiqueta a partir de una probabilidad del 50\u00a0%: había muy pocas filas para elegir umbrales mejores.",
    eachHint:
      "Precisión: de los textos que recibieron la etiqueta, el porcentaje que debía tenerla. Exhaustividad: de los textos que debían tenerla, el porcentaje que la recibió.",
    eachColumns: ["Etiqueta", "Textos", "F1", "Precisión", "Exhaustividad", "Umbral", "Errores"],
    mistakes: (count, label) => `${some(count, "error", "errores")} con «${label}»`,
    mistakesOf: (label) => `Errores con «${label}»`,
    missed: "La etiqueta está en sus datos, pero el modelo no la ha encontrado",
    extra: "El modelo ha encontrado la etiqueta, pero no está en sus datos",
    none: "Ninguna etiqueta alcanza su umbral.",
    found: (labels) => `Etiquetas: ${labels}`,
    answerHint: "la probabilidad de cada etiqueta por separado; las marcadas alcanzan su umbral",
    fileHint:
      "Una tabla con una columna de textos. La recibe de vuelta con dos columnas más: las etiquetas y sus probabilidades.",
    filePredicted: "etiquetas_predichas",
    fileProbabilities: "probabilidades",
  },
  numbers: {
    compared: "Errores de los modelos",
    mean: "Siempre la media",
    meanHint: "adivinar sin leer el texto",
    metrics: { spearman: "Orden (Spearman)", rmse: "Error (RMSE)", mae: "Error medio (MAE)", r2: "R²" },
    metricHints: {
      spearman: "1: el mismo orden que sus números; 0: ninguna relación",
      rmse: "en la unidad de sus números; los errores grandes cuentan más",
      mae: "en la unidad de sus números",
      r2: "1: ningún error; 0: igual de bueno que la media",
    },
    interval:
      "Debajo de los números del modelo entrenado: el intervalo en el que muy probablemente se encuentra cada uno con otros textos como estos (95\u00a0%).",
    scatter: "Números predichos y reales",
    scatterHint: "Cada punto es un texto de prueba. En la línea, la predicción es exacta; por encima, demasiado alta.",
    scatterLabel: (count) =>
      `${some(count, "texto", "textos")} como puntos: hacia la derecha, el número de sus datos; hacia arriba, el predicho`,
    target: "sus datos",
    predicted: "predicción",
    errors: "Los mayores errores",
    errorsHint: "Los textos de prueba cuyo número se predice peor. Puede que su número esté mal en la tabla.",
    said: (target, predicted) => `En sus datos ${target}, predicción ${predicted}`,
    file: "Predecir para un archivo entero",
    fileHint: "Una tabla con una columna de textos. La recibe de vuelta con una columna más: el número predicho.",
    filePredicted: "numero_predicho",
    fileDo: (count) => `Predecir ${rows(count)}`,
  },
  words: {
    unmark: "ninguna etiqueta",
    compared: "Palabras que encuentran los modelos",
    metrics: {
      f1: "Encontradas (F1)",
      precision: "Precisión",
      recall: "Exhaustividad",
      accuracy: "Palabras con su etiqueta",
    },
    metricHints: {
      f1: "100\u00a0% si cada nombre, lugar, etc. se encuentra entero con su etiqueta y no sobra ninguno",
      precision: "de lo que marcó el modelo, el porcentaje correcto",
      recall: "de lo marcado en sus datos, el porcentaje encontrado",
      accuracy: "de todas las palabras; la mayoría no suele tener etiqueta",
    },
    eachHint:
      "Lo marcado en los textos de prueba cuenta como encontrado si todas sus palabras están marcadas, con la etiqueta correcta.",
    eachColumns: ["Etiqueta", "Marcado", "F1", "Precisión", "Exhaustividad"],
    none: "No hay palabras marcadas.",
    answerHint: "las palabras marcadas, con su etiqueta y la probabilidad",
    file: "Marcar palabras en un archivo entero",
    fileHint:
      "Una tabla con una columna de textos. La recibe de vuelta con una columna más: las etiquetas y las palabras que las llevan.",
    filePredicted: "palabras_predichas",
    fileDo: (count) => `Marcar palabras en ${rows(count)}`,
  },
};
