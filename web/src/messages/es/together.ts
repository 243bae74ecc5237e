import type { together as en } from "../en/together.js";
import { kilobytes, n, some } from "./numbers.js";

/** The texts in Spanish of federated rounds. */
export const together: typeof en = {
  heading: "Entrenar en grupo",
  intro:
    "Varias personas entrenan un mismo modelo y nadie muestra sus textos. En cada ronda, esta pestaña entrena con sus filas y envía el resultado: unos cientos de kilobytes de números. Un servidor calcula la media de todos los resultados y empieza la siguiente ronda.",
  invited: "La persona que gestiona el servidor le da la dirección, o un enlace a esta página que la contiene.",
  sameModel: (name) => `Todas las personas que participan necesitan el mismo modelo; aquí es ${name}.`,
  server: "Dirección del servidor",
  serverHint: "una ruta de este sitio, o https://…",
  noAddress: "No es una dirección.",
  noTable: "Abra primero una tabla con la que entrenar.",
  otherTask: "Para entrenar en grupo hace falta una tabla con una etiqueta por texto.",
  noTableHint: "Hace falta una tabla de textos y etiquetas, con las mismas etiquetas que las de los demás.",
  toData: "Ir a los datos",
  trainingRows: (count, name) => `El entrenamiento usa ${some(count, "fila", "filas")} de «${name}».`,
  labels: (labels) => `Etiquetas: ${labels.join(", ")}`,
  leaves:
    "Lo que se envía procede de entrenar con sus textos y puede revelar algo de ellos. Pregunte a la persona que gestiona el servidor si se añade ruido para evitarlo.",
  join: "Unirse",
  leave: "Salir",
  states: {
    model: "Descargando el modelo…",
    joining: "Conectando…",
    waiting: "Esperando a los demás…",
    learning: "Entrenando con sus filas…",
    leaving: "Saliendo…",
  },
  stay: "Deje abierta esta pestaña. Una ronda empieza cuando se han unido suficientes personas.",
  step: (done, steps) => `paso ${n(done)} de ${n(steps)}`,
  traffic: (sent, received) => `${sent} enviados, ${received} recibidos`,
  kilobytes,
  rounds: "Rondas",
  columns: { round: "Ronda", loss: "Pérdida en sus filas", state: "Su resultado" },
  round: (round, rounds) => `${n(round)} de ${n(rounds)}`,
  roundNow: (round, rounds) => `ronda ${n(round)} de ${n(rounds)}`,
  parts: { learning: "entrenando", sending: "enviándose", taken: "contado", late: "demasiado tarde" },
  over: (taken) =>
    taken === 0
      ? "Ha salido antes de que terminara la primera ronda."
      : `Terminado: sus resultados han contado en ${some(taken, "ronda", "rondas")}.`,
  overHint:
    "El servidor tiene la media de la última ronda. Aquí puede usar el resultado que esta pestaña obtuvo en ella.",
  use: "Probarlo y descargarlo",
  runName: "entrenado en grupo",
  failed: "El entrenamiento terminó antes de la última ronda.",
  again: "Volver a unirse",
};
