import type { progress as en } from "../en/progress.js";
import { n, some } from "./numbers.js";

/** The texts in Spanish of what a training shows while it runs. */
export const progress: typeof en = {
  stages: "Etapas del entrenamiento",
  model: "Carga del modelo",
  read: "Lectura de los textos",
  compare: "Modelo sencillo, para comparar",
  train: "Entrenamiento",
  test: "Comprobación",
  final: "Entrenamiento con todas las filas",
  done: "terminado",
  left: (time) => `Tiempo restante aproximado: ${time}`,
  watched: "Textos que no se usan para entrenar",
  turned: (right, all, before) =>
    `Correctos: ${n(right)} de ${some(all, "texto", "textos")}; al principio, ${n(before)}.`,
  closer: (now, before) => `Desviación media: ${now}; al principio, ${before}.`,
  allRight: "Todos eran correctos desde el principio.",
  right: "correcto",
  wrong: "aún no es correcto",
  changed: (before, now) => `${before} → ${now}`,
  yours: (target) => `en su tabla: ${target}`,
  finds: (text) => `encuentra: ${text}`,
  ended: "El entrenamiento ha terminado.",
  nothing: "nada",
  trained: (results) => `El entrenamiento ha terminado. El resultado está en «${results}».`,
  device: "Entrenar en",
  processor: "Procesador",
  graphics: (name) => `Tarjeta gráfica (${name})`,
  deviceHint: "si la tarjeta gráfica falla, el entrenamiento continúa en el procesador",
  softwareHint: "es un programa en el procesador, más lento que el propio procesador: solo para pruebas",
  onGraphics: (name) => `en la tarjeta gráfica: ${name}`,
  fellBack: "No se ha podido usar la tarjeta gráfica. El entrenamiento se hace en el procesador.",
};
