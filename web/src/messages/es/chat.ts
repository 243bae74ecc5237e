import type { chat as en } from "../en/chat.js";
import { fixed, n, some } from "./numbers.js";

/** The chat's texts in Spanish. */
export const chat: typeof en = {
  heading: "Conversar con un pequeño modelo de lenguaje",
  intro:
    "El modelo funciona en esta pestaña, sin cuenta. Los modelos pequeños saben poco y se equivocan a menudo. Entrene uno con cien ejemplos y responderá como usted quiera.",
  offered: "SmolLM2, 135 millones de parámetros",
  offeredHint: "98 MB, se descarga una vez y este navegador lo guarda; sabe sobre todo inglés",
  takeOffered: "Abrir SmolLM2",
  or: "o suelte aquí un modelo suyo",
  chooseFile: "Elegir un archivo GGUF",
  chooseFolder: "Elegir una carpeta",
  kinds:
    "GGUF, o una carpeta con config.json y safetensors: Llama, Qwen, Gemma, SmolLM y otros de hasta mil millones de parámetros",
  address: "O la dirección de un modelo",
  addressGo: "Descargar",
  addressHint: "un archivo .gguf, o una carpeta como las del hub de Hugging Face",
  keptHeading: "Guardados en este navegador",
  forget: (name) => `Borrar «${name}» de este navegador`,
  fetching: "Descargando el modelo…",
  loading: "Cargando el modelo…",
  cancel: "Cancelar",
  notOpened: "No se ha podido abrir el modelo.",
  positions: (count) => `lee hasta ${n(count)} tokens`,
  another: "Otro modelo",
  turns: "Conversación",
  begin: "Escriba un mensaje. No sale de esta pestaña.",
  away: "El modelo se está entrenando. Volverá a responder cuando el entrenamiento termine o esté en pausa.",
  continues: "Este modelo no está hecho para conversar. Continúa lo que usted escribe.",
  // The offered model knows hardly any language but English.
  examples: ["What is a fjord?", "Write a haiku about rain.", "Name three fruits."],
  say: "Su mensaje",
  send: "Enviar",
  stop: "Detener",
  writing: "Escribiendo una respuesta…",
  stopped: "detenida",
  cut: "longitud máxima alcanzada",
  speed: (tokens) => `${tokens < 10 ? fixed(tokens, 1) : n(Math.round(tokens))} tokens por segundo`,
  notAnswered: "No hay respuesta.",
  tooLong: "Es más de lo que el modelo puede leer. Empiece una nueva conversación o escriba menos.",
  sides: { base: "Sin entrenamiento", adapted: "Con entrenamiento", second: "Con el segundo entrenamiento" },
  withAdapter: (name) => `Con «${name}»`,
  beside: "Mostrar también la respuesta sin entrenamiento",
  newConversation: "Nueva conversación",
  fields: {
    instructions: "Instrucciones",
    temperature: "Temperatura",
    maxTokens: "Respuesta más larga, en tokens",
  },
  fieldHints: {
    instructions: "el modelo las lee antes de la conversación",
    temperature: "0 da siempre la misma respuesta; con 0,7, más o menos, cambia cada vez",
    maxTokens: "un token es unas tres cuartas partes de una palabra",
  },
  instructionsExample: "Answer in a few words.",
  adapterHeading: "Entrenamiento",
  noAdapter:
    "Un entrenamiento da como resultado un archivo pequeño, llamado adaptador, que cambia la forma de responder del modelo. Haga uno más abajo o cargue uno de PEFT o de lowrank.",
  pickAdapter: "Cargar un adaptador",
  otherAdapter: "Cargar otro adaptador",
  removeAdapter: "Quitar el adaptador",
  useTrained: (name) => `Usar el entrenamiento con «${name}»`,
  compareWith: (name) => `Comparar con «${name}»`,
  forgetAdapter: (name) => `Borrar el entrenamiento con «${name}»`,
  compared: "Comparado con",
  pickSecond: "Cargar otro para comparar",
  endComparing: "Dejar de comparar",
  adapterRefused: "No es un adaptador para este modelo.",
  teachHeading: "Entrenarlo",
  teachHint:
    "Hacen falta preguntas con las respuestas que desea: una tabla de dos columnas o conversaciones en JSON Lines. Empiece con unas cincuenta. El modelo aprende cómo responder, no qué es verdad. También puede traer parejas de respuestas de las que una es mejor (columnas prompt, chosen y rejected): el modelo aprende a preferir esas respuestas. O textos, en una tabla de una columna o en un archivo de párrafos: el modelo aprende a continuar textos así.",
  better: "Mejor:",
  worse: "Peor:",
  chooseConversations: "Elegir un archivo de ejemplos",
  found: (count, name) => `${some(count, "ejemplo", "ejemplos")} en «${name}». El primero:`,
  tooFew: "Son muy pocos para reservar algunos. El modelo se entrena con todos y el resultado no se mide.",
  quick: "Prueba rápida: 20 pasos, uno o dos minutos",
  normal: (steps, passes) => `Recomendado: como máximo ${n(steps)} pasos, unas ${passes} pasadas por los ejemplos`,
  steps: "Pasos",
  stepsAsAbove: "como se ha elegido arriba",
  teach: "Empezar a entrenar",
  phases: {
    tokenize: "Leyendo los ejemplos",
    "encode-validation": "Midiendo antes de entrenar, para comparar",
    train: "Entrenando",
    validate: "Comprobando con los ejemplos reservados",
  },
  trained: (name) => `Entrenado con «${name}».`,
  preferred: (after, before) =>
    `El entrenamiento ayuda: en los ejemplos reservados, la mejor respuesta tiene la recompensa más alta en ${after} (sin entrenar: ${before}).`,
  notPreferred: (after, before) =>
    `El entrenamiento no ha ayudado: en los ejemplos reservados, la mejor respuesta tiene la recompensa más alta en ${after} (sin entrenar: ${before}). Pueden ayudar más ejemplos o un entrenamiento más largo.`,
  probable: (before, after) =>
    `La recompensa de una respuesta dice cuánto más probable la ha hecho el entrenamiento. Antes todas son iguales, lo que cuenta como la mitad. La mejor respuesta es la más probable en ${after} de los ejemplos; antes de entrenar lo era en ${before}.`,
  likelier: (times) =>
    `En los ejemplos reservados, la palabra siguiente correcta tiene ahora unas ${times} veces la probabilidad que tenía antes de entrenar.`,
  notLikelier:
    "El entrenamiento no ha ayudado: en los ejemplos reservados, la palabra siguiente correcta no es más probable que antes.",
  perplexity: (before, after) => `Perplejidad: ${before} antes de entrenar, ${after} después.`,
  perplexityHint:
    "La perplejidad dice cuánto duda el modelo ante cada palabra siguiente. Cuanto más baja, mejor; 1 significa ninguna duda.",
  fewMeasured: (count) =>
    `Medido con ${some(count, "ejemplo", "ejemplos")}: con tan pocos, la medición es solo aproximada.`,
  takeAdapter: "Guardar el adaptador",
  serve: "Servirlo a otros programas",
  serveHint: "Descomprima el archivo zip en una carpeta llamada «adapter» y ejecute esto al lado.",
};
