import type { downloads as en } from "../en/downloads.js";
import { some } from "./numbers.js";

const listed = (labels: readonly string[]) => labels.slice(0, 12).join(", ") + (labels.length > 12 ? " …" : "");

/** The texts in German of the step with the downloads. */
export const downloads: typeof en = {
  heading: "Download",
  nothing: "Es gibt noch keinen Adapter.",
  nothingHint: "Trainieren Sie einen, oder laden Sie einen gespeicherten.",
  adapter: "Angepasstes Modell",
  adapterHint:
    "Eine Zip-Datei mit dem Adapter (im Format von PEFT, einer Python-Bibliothek), dem Kopf (der Schicht darauf, die antwortet), dem Bericht und einer Model Card.",
  head: "Einfaches Modell",
  headHint:
    "Eine Zip-Datei nur mit einem Kopf, für das unveränderte Sprachmodell. Sie ist kleiner, und sie genügt, wenn der Adapter nicht hilft.",
  recommended: "Der Test empfiehlt dieses Modell.",
  report: "Bericht",
  reportHint: "Einstellungen, jeder Schritt und alle Ergebnisse als JSON.",
  page: {
    titles: {
      classify: "Eine Webseite, die Texten Labels gibt",
      "multi-label": "Eine Webseite, die Texten Labels gibt",
      regress: "Eine Webseite, die Zahlen vorhersagt",
      tokens: "Eine Webseite, die Wörter markiert",
    },
    hint: (size) =>
      `Eine HTML-Datei, die alles enthält, auch das Modell. Öffnen Sie sie mit einem Doppelklick; sie braucht kein Netz. Etwa ${size}.`,
    intros: {
      classify: (labels) =>
        `Findet zu jeder Zeile das passende von ${some(labels.length, "Label", "Labels")}: ${listed(labels)}.`,
      "multi-label": (labels) =>
        `Findet zu jeder Zeile die passenden von ${some(labels.length, "Label", "Labels")}: ${listed(labels)}.`,
      regress: () => "Sagt zu jeder Zeile eine Zahl vorher.",
      tokens: (labels) => `Markiert Wörter in jeder Zeile: ${listed(labels)}.`,
    },
    label: "Ein Text oder mehrere, je Zeile einer",
    go: {
      classify: "Labels finden",
      "multi-label": "Labels finden",
      regress: "Vorhersagen",
      tokens: "Wörter markieren",
    },
    none: "kein Label",
    loading: "Wird vorbereitet …",
    ready: "Bereit.",
    failed: "Dieser Browser kann diese Seite nicht ausführen.",
    promise: "Alles geschieht in dieser Seite. Sie hat keinen Zugang zum Netz, also verlässt sie kein Text.",
  },
  project: "Das ganze Projekt",
  projectHint:
    "Die Tabelle, die Einstellungen, alle Trainings mit ihren Adaptern sowie Suche, Reranker und Chat, um anderswo weiterzumachen.",
  save: "Speichern",
  preparing: "Wird vorbereitet …",
  use: "In einem Programm verwenden",
  useHint: "Entpacken Sie die Zip-Datei in einen Ordner namens „classifier“.",
  places: { page: "Webseite", node: "Node", serve: "Server", python: "Python", edge: "Edge" },
  copy: "Kopieren",
  copied: "Kopiert.",
  load: "Adapter laden",
  loadHint: "Eine Zip-Datei, die hier oder anderswo mit lowrank gespeichert wurde.",
  loadChoose: "Zip-Datei wählen",
  loaded: (name) => `„${name}“ ist geladen. Probieren Sie ihn unter Ergebnis aus.`,
  loadProblem: "Diese Zip-Datei ist kein Klassifikator für dieses Modell.",
  history: "Trainings",
  historyColumns: {
    name: "Daten",
    when: "Datum",
    rows: "Zeilen",
    head: "Einfaches Modell",
    result: "Angepasstes Modell",
    actions: "Aktionen",
  },
  statuses: {
    training: "nicht zu Ende",
    paused: "angehalten",
    finished: "fertig",
    failed: "abgebrochen",
    loaded: "geladen",
  },
  open: "Öffnen",
  shown: "gezeigt",
  forget: "Löschen",
  forgetAsk: (name) => `Das Training mit „${name}“ und seinen Adapter löschen? Das lässt sich nicht rückgängig machen.`,
  noRuns: "Noch keine Trainings.",
};
