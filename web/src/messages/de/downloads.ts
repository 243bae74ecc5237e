import type { downloads as en } from "../en/downloads.js";
import { some } from "./numbers.js";

const listed = (labels: readonly string[]) => labels.slice(0, 12).join(", ") + (labels.length > 12 ? " …" : "");

/** The texts in German of the step with the downloads. */
export const downloads: typeof en = {
  heading: "Download",
  nothing: "Es gibt noch kein trainiertes Modell.",
  nothingHint: "Trainieren Sie eines, oder laden Sie ein gespeichertes.",
  adapter: "Angepasstes Modell",
  adapterHint:
    "Eine Zip-Datei mit dem, was das Training am Modell ergänzt hat (im Format von PEFT, einer Python-Bibliothek), dem Bericht und einer Model Card.",
  head: "Einfaches Modell",
  headHint:
    "Eine Zip-Datei mit nur einer kleinen Schicht, für das unveränderte Sprachmodell. Sie ist kleiner und genügt, wenn das volle Training nicht hilft.",
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
    hint: (size, model) =>
      `Eine HTML-Datei, die alles enthält, auch das Modell. Öffnen Sie sie mit einem Doppelklick; sie braucht kein Netz. Etwa ${size}. Darin: ${model}.`,
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
    licences: "Lizenzen dessen, was diese Seite enthält",
    promise: "Alles geschieht in dieser Seite. Sie hat keinen Zugang zum Netz, also verlässt kein Text sie.",
  },
  project: "Das ganze Projekt",
  projectHint:
    "Die Tabelle, die Einstellungen, alle Trainings mit ihren Modellen sowie Suche, Reranker und Chat: Damit machen Sie anderswo weiter.",
  save: "Speichern",
  preparing: "Wird vorbereitet …",
  use: "In einem Programm verwenden",
  useHint: "Entpacken Sie die Zip-Datei in einen Ordner namens „classifier“.",
  places: { page: "Webseite", node: "Node", serve: "Server", python: "Python", edge: "Edge" },
  copy: "Kopieren",
  copied: "Kopiert.",
  load: "Gespeichertes Modell laden",
  loadHint: "Eine Zip-Datei, die hier oder anderswo mit lowrank gespeichert wurde.",
  loadChoose: "Zip-Datei wählen",
  loaded: (name) => `„${name}“ ist geladen. Probieren Sie es unter Ergebnis aus.`,
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
  elsewhere: "in einem anderen Tab",
  open: "Öffnen",
  shown: "gezeigt",
  forget: "Löschen",
  forgetAsk: (name) => `Das Training mit „${name}“ und sein Modell löschen? Das lässt sich nicht rückgängig machen.`,
  noRuns: "Noch keine Trainings.",
};
