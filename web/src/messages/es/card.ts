import type { card as en } from "../en/card.js";
import { n, some } from "./numbers.js";

export const card: typeof en = {
  heading: "Qué sabe hacer este modelo y qué no",
  hint: "El archivo zip incluye estas frases en README.md, la «model card» del hub de Hugging Face.",
  intro: (base) =>
    `Un adaptador para ${base}, entrenado en un navegador con lowrank. Se carga con PEFT en Python y con lowrank en JavaScript.`,
  simpleIntro: (base) =>
    `Un modelo sencillo sobre ${base}, entrenado en un navegador con lowrank: una pequeña capa sobre el modelo sin cambios. lowrank lo carga en JavaScript.`,
  adapted: "Modelo entrenado:",
  dataHeading: "Datos",
  resultHeading: "Resultado",
  limitsHeading: "Límites",
  rows: (count, name) => `${some(count, "texto", "textos")} de «${name}».`,
  labels: (count, listed) => `${some(count, "etiqueta", "etiquetas")}: ${listed}.`,
  split: (trained, tested, chosen) =>
    `Entrenado con ${some(trained, "texto", "textos")}; ${n(tested)} se reservaron para la prueba${chosen === 0 ? "" : ` y ${n(chosen)} para elegir el mejor paso`}.`,
  unknownData: "El modelo se cargó de un archivo, así que aquí no se conocen sus datos.",
  measured: (count) => `Medido una sola vez, con ${some(count, "texto", "textos")} que no se usaron para entrenar.`,
  unknownResult: "Aquí no hay ningún resultado de prueba.",
  few: (count) => `Una prueba con ${some(count, "texto", "textos")} solo da una medida aproximada.`,
  alike:
    "El resultado vale para textos como estos. Con textos de otra fuente u otra época puede ser peor: pruebe antes el modelo con ellos.",
  length: (tokens) =>
    `Lee los primeros ${n(tokens)} tokens de un texto, unas ${n(Math.round((tokens * 3) / 4))} palabras. El resto se corta.`,
  always: {
    classify: ["Da a cada texto una de estas etiquetas, aunque ninguna le corresponda."],
    "multi-label": ["Solo conoce estas etiquetas. Un texto puede quedarse sin ninguna."],
    regress: ["Predice un número para cada texto, aunque no tenga nada que ver con los datos."],
    tokens: ["Solo marca estas clases de palabras, y pasa algunas por alto."],
  },
  english:
    "El modelo de lenguaje se entrenó sobre todo con textos en inglés. En otros idiomas las respuestas son peores.",
  people:
    "Repite los errores y las costumbres de quienes pusieron las etiquetas. No deje que decida por sí solo sobre personas.",
};
