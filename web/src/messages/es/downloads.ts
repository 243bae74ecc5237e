import type { downloads as en } from "../en/downloads.js";
import { n } from "./numbers.js";

const listed = (labels: readonly string[]) => labels.slice(0, 12).join(", ") + (labels.length > 12 ? "…" : "");

/** The texts in Spanish of the step with the downloads. */
export const downloads: typeof en = {
  heading: "Descargar",
  nothing: "Todavía no hay ningún modelo entrenado.",
  nothingHint: "Entrene uno o cargue uno que haya guardado.",
  adapter: "Modelo entrenado",
  adapterHint:
    "Un archivo zip con lo que el entrenamiento ha añadido al modelo (en el formato de PEFT, una biblioteca de Python), el informe y una model card.",
  head: "Modelo sencillo",
  headHint:
    "Un archivo zip con una sola capa pequeña, para el modelo de lenguaje sin cambios. Es menor, y basta si el entrenamiento completo no ayuda.",
  recommended: "La prueba lo recomienda.",
  report: "Informe",
  reportHint: "Los ajustes, cada paso y todos los resultados, como JSON.",
  page: {
    titles: {
      classify: "Una página web que etiqueta textos",
      "multi-label": "Una página web que etiqueta textos",
      regress: "Una página web que predice números",
      tokens: "Una página web que marca palabras",
    },
    hint: (size, model) =>
      `Un solo archivo HTML que lo contiene todo, también el modelo. Se abre con doble clic y no necesita red. Unos ${size}. Contiene: ${model}.`,
    intros: {
      classify: (labels) =>
        `Busca la etiqueta que corresponde a cada línea, de entre ${n(labels.length)}: ${listed(labels)}.`,
      "multi-label": (labels) =>
        `Busca las etiquetas que corresponden a cada línea, de entre ${n(labels.length)}: ${listed(labels)}.`,
      regress: () => "Predice un número para cada línea.",
      tokens: (labels) => `Marca palabras en cada línea: ${listed(labels)}.`,
    },
    label: "Un texto, o varios, uno por línea",
    go: {
      classify: "Buscar etiquetas",
      "multi-label": "Buscar etiquetas",
      regress: "Predecir",
      tokens: "Marcar palabras",
    },
    none: "ninguna etiqueta",
    loading: "Preparando…",
    ready: "Listo.",
    failed: "Este navegador no puede ejecutar esta página.",
    licences: "Licencias de lo que contiene esta página",
    promise: "Todo ocurre en esta página. No tiene acceso a la red, así que ningún texto sale de ella.",
  },
  project: "El proyecto entero",
  projectHint:
    "La tabla, los ajustes, todos los entrenamientos con sus modelos, la búsqueda, el orden y el chat, para continuar en otro lugar.",
  save: "Guardar",
  preparing: "Preparando…",
  use: "Usarlo en un programa",
  useHint: "Descomprima el archivo zip en una carpeta llamada «classifier».",
  places: { page: "Página web", node: "Node", serve: "Servidor", python: "Python", edge: "Edge" },
  copy: "Copiar",
  copied: "Copiado.",
  load: "Cargar un modelo",
  loadHint: "Un archivo zip guardado aquí o, con lowrank, en otro lugar.",
  loadChoose: "Elegir un archivo zip",
  loaded: (name) => `«${name}» está cargado. Pruébelo en Resultados.`,
  loadProblem: "Este archivo zip no contiene un clasificador para este modelo.",
  history: "Entrenamientos",
  historyColumns: {
    name: "Datos",
    when: "Fecha",
    rows: "Filas",
    head: "Modelo sencillo",
    result: "Modelo entrenado",
    actions: "Acciones",
  },
  statuses: {
    training: "sin terminar",
    paused: "en pausa",
    finished: "terminado",
    failed: "interrumpido",
    loaded: "cargado",
  },
  elsewhere: "en otra pestaña",
  open: "Abrir",
  shown: "a la vista",
  forget: "Eliminar",
  forgetAsk: (name) => `¿Eliminar el entrenamiento con «${name}» y su modelo? No se puede deshacer.`,
  noRuns: "Todavía no hay entrenamientos.",
};
