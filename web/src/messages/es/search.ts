import { isOne, n, some } from "./numbers.js";
import type { search as en } from "../en/search.js";

const texts = (count: number) => some(count, "texto", "textos");
const rows = (count: number) => some(count, "fila", "filas");

/** The texts in Spanish of the page that searches. */
export const search: typeof en = {
  heading: "Buscar por significado",
  intro:
    "Hacen falta preguntas con sus respuestas o una lista de textos. La búsqueda encuentra los textos que significan lo mismo que su consulta, aunque no compartan ninguna palabra.",
  drop: "Suelte aquí una tabla o una lista, o elija un archivo",
  formats: "CSV, TSV, JSON Lines o Excel (.xlsx); o un archivo con un texto por línea",
  pasteHint:
    "Pegue un texto por línea, o celdas de su hoja de cálculo con una columna de preguntas y otra de respuestas.",
  pasteLabel: "Textos, o preguntas y respuestas",
  sample: "Probar el ejemplo",
  sampleHint: "457 preguntas de cultura general y sus respuestas (en inglés)",
  sampleName: "Cultura general",
  shapeCaption: "Cómo es una tabla",
  shapeQuestion: "pregunta",
  shapeAnswer: "respuesta",
  shape: [
    ["¿Dónde está mi paquete?", "El número está en el correo que le enviamos."],
    ["¿Cómo pago con factura?", "Elija «factura» en la última página del pedido."],
  ],
  facts: texts,
  pairs: (count) => some(count, "pareja", "parejas"),
  repeated: (count) => some(count, "fila repetida, usada una vez", "filas repetidas, usadas una vez"),
  incomplete: (count) => `${rows(count)} con una celda vacía`,
  textColumn: "Textos en los que buscar",
  questionColumn: "Preguntas que responden",
  noQuestions: "ninguna: es una lista de textos",
  another: "Usar otros textos",
  tooMany: (count, most) =>
    `Hay ${n(count)} textos distintos, y esta página busca en ${n(most)} como máximo. Use una parte de la lista, o el comando «lowrank index», que admite un millón.`,
  noTexts: "Esta columna no tiene textos. Elija otra.",
  chooseModel: "Podrá buscar cuando un modelo haya leído sus textos: el multilingüe o el inglés.",
  useEnglish: (size) => `Leerlos con el modelo inglés (${size})`,
  recognising: "Reconociendo el idioma de sus textos",
  indexing: "Leyendo los textos para la búsqueda",
  stop: "Detener",
  stopped: "Los textos no se han leído hasta el final, así que no se puede buscar en ellos.",
  again: "Leerlos de nuevo",
  notIndexed: "No se han podido leer los textos para la búsqueda.",
  query: "¿Qué busca?",
  placeholder: "Una pregunta o unas palabras",
  search: "Buscar",
  searching: "Buscando…",
  notSearched: "La búsqueda ha fallado.",
  examples: "Preguntas de su tabla",
  results: (query) => `Los mejores textos para «${query}»`,
  base: "Sin entrenar",
  score: (value) => `parecido ${value}`,
  scoreHint:
    "El parecido (coseno) es 1 en textos que significan lo mismo y casi 0 en textos sin relación. Solo sirve para ordenar los textos de una consulta.",
  right: "la respuesta de su tabla",
  rightAt: (place) => `La respuesta de su tabla está en el puesto ${n(place)}.`,
  rightBeyond: (ranked) => `La respuesta de su tabla no está entre las ${n(ranked)} primeras.`,

  adapted: "Después de entrenar",
  baseOf: "Antes de entrenar",
  heldOut: "Preguntas que no se usaron para entrenar",
  trainHeading: "Entrenar la búsqueda",
  trainIntro:
    "El modelo aprende de sus parejas qué textos responden a qué preguntas. Una de cada cinco preguntas se reserva para comprobarlo al final.",
  tooFew: (count, least) =>
    count === 0
      ? `Para entrenar hacen falta parejas: una columna de preguntas, o resultados que usted valore como correctos. Se necesitan al menos ${n(least)} preguntas distintas.`
      : `Para entrenar hacen falta al menos ${n(least)} preguntas distintas con respuesta; hay ${n(count)}. Añada filas o valore resultados.`,
  oneAnswer: "Todas las preguntas tienen la misma respuesta, así que no hay nada que distinguir.",
  efforts: {
    quick: "Prueba rápida: 30 pasos, para ver si funciona",
    normal: "Recomendado: al menos 100 pasos",
  },
  start: "Empezar a entrenar",
  phases: {
    tokenize: "Leyendo las parejas",
    "encode-validation": "Buscando antes de entrenar, para comparar",
    train: "Entrenando",
    validate: "Comprobando con las preguntas reservadas",
  },
  trainedOn: (name) => `Entrenado con «${name}».`,
  otherModel:
    "El modelo entrenado no es el que lee ahora los textos, así que la búsqueda no lo usa. Vuelva a entrenar o elija el otro modelo.",
  adding: "Leyendo los textos con el modelo entrenado",
  forget: "Borrar el modelo entrenado",
  trainAgain: "Entrenar de nuevo",
  measured: (questions, documents) =>
    `Medido una sola vez, con ${some(questions, "pregunta que no se usó", "preguntas que no se usaron")} para entrenar, buscando en ${texts(documents)}.`,
  few: "Con tan pocas preguntas, la medición es solo aproximada.",
  words: "Palabras (BM25)",
  wordsHint: "BM25 es la búsqueda habitual, que compara las palabras de la pregunta con las de cada texto.",
  before: "Antes",
  after: "Después",
  metric: "Medida",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 si los textos correctos están arriba; menos cuanto más abajo están"],
    "mrr@10": ["MRR@10", "media de 1 / puesto del primer texto correcto"],
    "recall@1": ["Recall@1", "porcentaje de textos correctos en el primer puesto"],
    "recall@10": ["Recall@10", "porcentaje de textos correctos entre los diez primeros"],
  },
  firstFive: (after, before, questions) =>
    `En ${n(after)} de ${some(questions, "pregunta", "preguntas")} que no se ${isOne(questions) ? "usó" : "usaron"} para entrenar, el texto correcto está entre los cinco primeros. Antes de entrenar: ${n(before)}.`,
  counting: "Buscando con las preguntas reservadas…",
  advice: {
    better:
      "La diferencia es mayor de lo que explica el azar. A continuación: pruebe preguntas propias y valore lo que encuentran.",
    equal:
      "La diferencia puede deberse al azar. A continuación: valore resultados de preguntas propias y entrene de nuevo.",
    simple: "El entrenamiento no ha ayudado. Busque sin él, o valore más resultados y entrene de nuevo.",
  },
  sinceTraining: (count) =>
    count === 0
      ? "Ninguna valoración nueva desde el último entrenamiento."
      : `${some(count, "valoración", "valoraciones")} desde el último entrenamiento.`,
  enough: "Hay suficientes preguntas con un texto correcto para entrenar.",
  missing: (count, least) =>
    `${n(count)} de ${n(least)} preguntas con un texto correcto: valore más para poder entrenar.`,
  found: (count) => `${texts(count)} ${isOne(count) ? "encontrado" : "encontrados"}.`,
  project: "Toda la búsqueda",
  projectHint: "Guardada como proyecto, se abre aquí de nuevo con sus textos, valoraciones y entrenamiento.",
  verdicts: {
    better: (before, after) =>
      `El entrenamiento ayuda: NDCG@10 ha pasado de ${before} a ${after}, más de lo que explicaría el azar.`,
    equal: (before, after) =>
      `Tras el entrenamiento, NDCG@10 es ${after} en lugar de ${before}. Con este número de preguntas puede deberse al azar.`,
    simple: (before, after) =>
      `El entrenamiento no ha ayudado: NDCG@10 era ${before} antes y es ${after} después. Use el modelo sin entrenar, o entrene con más parejas.`,
  },
  unchanged:
    "Ningún paso del entrenamiento ha sido mejor que el modelo inicial con las parejas que sirven para elegir el paso, así que el modelo entrenado es igual que el inicial.",
  wordsBetter: (value) =>
    `Aquí es mejor una búsqueda por palabras (BM25), con ${value}: sus preguntas usan las palabras de las respuestas.`,
  judgeHint: "Valore los resultados y esta página cuenta cuántos son correctos, antes y después de entrenar.",
  isRight: "Correcto",
  isWrong: "Incorrecto",
  judgedHeading: "Sus valoraciones",
  precision: (right, judged) =>
    `${n(right)} de ${some(judged, "resultado valorado", "resultados valorados")}: correctos`,
  precisionHint: (queries) =>
    `Entre los cinco primeros de ${some(queries, "consulta", "consultas")} (precisión). Las respuestas de su tabla cuentan como correctas.`,
  judgedCount: (right, wrong) => `${some(right, "correcto", "correctos")}, ${some(wrong, "incorrecto", "incorrectos")}`,
  useJudged:
    "El próximo entrenamiento las usa: los resultados correctos son parejas nuevas, y las parejas de su tabla valoradas como incorrectas se descartan.",
  takePairs: "Guardar las parejas correctas (CSV)",
  takeJudged: "Guardar todas las valoraciones (CSV)",
  forgetJudged: "Borrar las valoraciones",
  takeHeading: "Llevársela",
  takeHint: (isAdapted) =>
    isAdapted
      ? "Un zip con la carpeta «search»: el entrenamiento en el formato de sentence-transformers, el índice y los textos."
      : "Un zip con la carpeta «search»: el índice del modelo sin entrenar y los textos.",
  take: "Guardar la búsqueda",
  takeBase: "Guardar la búsqueda sin entrenar",
  preparing: "Preparando…",
  use: "Usarla en otro lugar",
  useHint: "Descomprima el zip. El comando o el programa se ejecuta junto a la carpeta «search».",
  places: { command: "Línea de comandos", node: "Node", page: "Página web" },
  copy: "Copiar",
  copied: "Copiado",
};
