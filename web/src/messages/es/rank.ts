import { n, some } from "./numbers.js";
import type { rank as en } from "../en/rank.js";

const rows = (count: number) => some(count, "fila", "filas");
const questions = (count: number) => some(count, "pregunta", "preguntas");

/** The texts in Spanish of the page that trains a reranker, and of the choice between it and the search. */
export const rank: typeof en = {
  offerHeading: "Preguntas con textos: ¿qué quiere entrenar?",
  offers: {
    search: "La búsqueda",
    searchHint:
      "Encuentra al instante los textos correctos entre miles. Necesita preguntas con los textos que las responden.",
    rank: "La ordenación",
    rankHint:
      "Lee juntos una pregunta y un texto y dice si encajan: es más precisa, pero lenta, así que ordena los 20 a 100 mejores resultados de una búsqueda. Necesita textos que encajen y otros que no.",
    noLabels: "Esta tabla no tiene ninguna columna que diga si un texto encaja.",
    stay: "O quédese aquí: entonces solo se usa la columna de textos.",
  },

  heading: "Ordenar textos según una pregunta",
  intro:
    "Un modelo de ordenación (reranker) lee juntos una pregunta y un texto y dice si el texto encaja. Hacen falta preguntas, cada una con algunos textos que encajen y otros que no.",
  notSearch:
    "Ordena unos pocos textos, como los primeros resultados de una búsqueda. Para encontrar textos entre muchos, use «Buscar por significado».",
  drop: "Suelte aquí una tabla o elija un archivo",
  oneColumn:
    "Solo se ha encontrado una columna. Hacen falta tres: preguntas, textos y en qué medida encaja cada texto.",
  shapeCaption: "Cómo es una tabla",
  shapeColumns: ["pregunta", "texto", "etiqueta"],
  shape: [
    ["¿Dónde está mi paquete?", "El número de seguimiento está en nuestro correo.", "1"],
    ["¿Dónde está mi paquete?", "Enviamos paquetes los días laborables.", "0"],
    ["¿Cómo pago con factura?", "Elija «Factura» al final del pedido.", "1"],
  ],
  facts: rows,
  ordered: (count) => `${questions(count)} con textos que encajan y textos que no`,
  repeated: (count) => `${some(count, "fila repetida, usada", "filas repetidas, usadas")} una sola vez`,
  incomplete: (count) =>
    `${some(count, "fila con un campo vacío o ilegible, no usada", "filas con un campo vacío o ilegible, no usadas")}`,
  columns: { question: "Preguntas", text: "Textos", value: "Si encajan" },
  noColumn: "ninguna",
  another: "Usar otra tabla",

  trainHeading: "Entrenar la ordenación",
  trainIntro: "Una de cada cinco preguntas se reserva para comprobar el resultado al final.",
  noLabels:
    "Para entrenar hace falta una columna que diga si cada texto encaja con su pregunta: 1 o 0, sí o no, o un número. Si solo tiene las respuestas correctas, entrene la búsqueda.",
  tooFew: (count, least) =>
    `Hacen falta al menos ${questions(least)} con textos que encajen y textos que no; hay ${n(count)}. Añada textos que no encajen, con la etiqueta 0.`,
  efforts: {
    quick: "Prueba rápida: 100 pasos, para ver si funciona",
    normal: "Recomendado: al menos 100 pasos",
  },
  start: "Empezar a entrenar",
  steps: "Pasos",
  asAbove: "como se ha elegido arriba",
  trainAgain: "Entrenar de nuevo",
  trainedOn: (name) => `Entrenado con «${name}».`,
  forget: "Borrar el modelo entrenado",
  phases: {
    tokenize: "Leyendo la tabla",
    "encode-validation": "Ordenando sin entrenamiento, para comparar",
    train: "Entrenando",
    validate: "Comprobando con las preguntas reservadas",
  },
  base: "Por parecido, sin entrenamiento",
  trained: "Con el modelo entrenado",
  metric: "Medida",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 si los mejores textos están arriba; menos cuanto más abajo están"],
    "mrr@10": ["MRR@10", "media de 1 / puesto del primer texto que encaja"],
    map: ["MAP", "media de la precisión: 1 si todos los textos que encajan están por encima de los demás"],
  },
  verdicts: {
    better: (before, after) =>
      `El entrenamiento ayuda: NDCG@10 es ${after}, frente a ${before} solo por parecido. Es más de lo que explicaría el azar.`,
    equal: (before, after) =>
      `Tras el entrenamiento, NDCG@10 es ${after}, frente a ${before} solo por parecido. Con este número de preguntas puede deberse al azar.`,
    simple: (before, after) =>
      `El entrenamiento no ayuda: NDCG@10 es ${after}, frente a ${before} solo por parecido. A menudo hacen falta miles de filas: añada más, entrene más tiempo o entrene la búsqueda.`,
  },
  measured: (count) =>
    `Medido una sola vez, con ${some(count, "pregunta que no se usó", "preguntas que no se usaron")} para entrenar.`,
  few: "Con tan pocas preguntas, la medición es solo aproximada.",

  tryHeading: "Probarlo",
  offered: "Preguntas de su tabla, con sus textos",
  question: "Pregunta",
  texts: "Textos, uno por línea",
  order: "Ordenar",
  ordering: "Ordenando…",
  notOrdered: "No se han podido ordenar los textos.",
  results: (question) => `Los textos ordenados para «${question}»`,
  scores: {
    base: (value) => `parecido ${value}`,
    adapter: (value) => `encaja ${value}`,
  },
  scoreHint:
    "La puntuación va de 0 a 1. Sirve para ordenar los textos de una pregunta; las de preguntas distintas no se comparan bien.",
  fits: "encaja, según su tabla",

  takeHeading: "Llevárselo",
  takeHint:
    "Un zip con la carpeta «reranker»: el modelo entrenado, tal como lo leen sentence-transformers y PEFT, y el informe.",
  take: "Guardar el modelo",
  preparing: "Preparando…",
  use: "Usarlo en otro lugar",
  useHint: "Descomprima el zip. El comando o el programa se ejecuta junto a la carpeta «reranker».",
  places: { command: "Línea de comandos", node: "Node", page: "Página web", python: "Python" },
  copy: "Copiar",
  copied: "Copiado",
};
