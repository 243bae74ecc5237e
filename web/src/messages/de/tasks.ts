import { n, some } from "./numbers.js";
import type { forTasks as en } from "../en/tasks.js";

const rows = (count: number) => some(count, "Zeile", "Zeilen");
const labelled = (count: number, labels: number) => `${rows(count)}, ${some(labels, "Label", "Labels")}`;

const each: (typeof en)["each"] = {
  classify: {
    name: "Ein Label je Text",
    column: "Label",
    columns: "Spalte mit den Labels",
    missing: "Label",
    same: "demselben Label",
    different: "verschiedene Labels",
    given: labelled,
    chart: "Richtige Zeilen der Validierung; mehr ist besser",
    measured: (now, best) => `${now} der Validierung richtig, bestenfalls ${best}`,
  },
  "multi-label": {
    name: "Mehrere Labels je Text",
    column: "Labels",
    columns: "Spalten mit den Labels",
    missing: "Label",
    same: "denselben Labels",
    different: "verschiedene Labels",
    given: labelled,
    chart: "Gefundene Labels der Validierung (Mikro-F1); mehr ist besser",
    measured: (now, best) => `F1 ${now} auf der Validierung, bestenfalls ${best}`,
  },
  regress: {
    name: "Eine Zahl je Text",
    column: "Zahl",
    columns: "Spalte mit den Zahlen",
    missing: "Zahl",
    same: "derselben Zahl",
    different: "verschiedene Zahlen",
    given: (count) => `${rows(count)} mit einer Zahl`,
    chart: "Reihenfolge der Validierung (Spearman); mehr ist besser",
    measured: (now, best) => `Spearman ${now} auf der Validierung, bestenfalls ${best}`,
  },
  tokens: {
    name: "Labels für Wörter im Text",
    column: "Markierte Wörter",
    columns: "Spalte mit den Tags",
    missing: "Label",
    same: "denselben markierten Wörtern",
    different: "verschiedene markierte Wörter",
    given: labelled,
    chart: "Gefundene Wörter der Validierung (Entitäts-F1); mehr ist besser",
    measured: (now, best) => `F1 ${now} auf der Validierung, bestenfalls ${best}`,
  },
};

/** The texts in German of each task, and of the results for several labels, numbers and words. */
export const forTasks: typeof en = {
  each,
  labels: {
    mostFrequent: "Immer die häufigsten Labels",
    mostFrequentHint: "geraten, ohne den Text zu lesen: die häufigste Kombination",
    interval:
      "F1 über alle Labels zusammen (Mikro-F1): 100\u00a0%, wenn jedes Label gefunden wird und keines zu viel. Auf dem Balken markiert: der Bereich, in dem es bei anderen solchen Texten höchstwahrscheinlich liegt (95\u00a0%).",
    others: "Weitere Messungen",
    metrics: { f1Macro: "Mittel über die Labels", map: "Reihenfolge (mAP)", exactMatch: "Alle Labels richtig" },
    metricHints: {
      f1Macro: "Makro-F1; seltene Labels zählen so viel wie häufige",
      map: "ob Texte mit einem Label vor denen ohne stehen; unabhängig von Schwellen",
      exactMatch: "Anteil der Texte mit genau ihren Labels",
    },
    each: "Jedes Label",
    eachChosen:
      "Ein Text bekommt ein Label ab dessen Schwelle: der Wahrscheinlichkeit, die auf der Validierung am besten war.",
    eachAtHalf:
      "Ein Text bekommt ein Label ab einer Wahrscheinlichkeit von 50\u00a0%: Für eine Validierung, die bessere Schwellen wählt, waren es zu wenige Zeilen.",
    eachHint:
      "Präzision: von den Texten, die das Label bekamen, der Anteil, bei dem es stimmt. Trefferquote: von den Texten, die es bekommen sollten, der Anteil, der es bekam.",
    eachColumns: ["Label", "Texte", "F1", "Präzision", "Trefferquote", "Schwelle", "Fehler"],
    mistakes: (count, label) => `${some(count, "Fehler", "Fehler")} bei „${label}“`,
    mistakesOf: (label) => `Fehler bei „${label}“`,
    missed: "Das Label steht in Ihren Daten, aber das Modell fand es nicht",
    extra: "Das Modell fand das Label, aber es steht nicht in Ihren Daten",
    none: "Kein Label erreicht seine Schwelle.",
    found: (labels) => `Labels: ${labels}`,
    answerHint: "die Wahrscheinlichkeit jedes Labels für sich; markierte erreichen ihre Schwelle",
    fileHint:
      "Eine Tabelle mit einer Spalte für Texte. Sie bekommen sie mit zwei weiteren Spalten zurück: Labels und ihre Wahrscheinlichkeiten.",
    filePredicted: "labels_vorhergesagt",
    fileProbabilities: "wahrscheinlichkeiten",
  },
  numbers: {
    compared: "Fehler der Modelle",
    mean: "Immer der Mittelwert",
    meanHint: "geraten, ohne den Text zu lesen",
    metrics: { spearman: "Reihenfolge (Spearman)", rmse: "Fehler (RMSE)", mae: "Mittlerer Fehler (MAE)", r2: "R²" },
    metricHints: {
      spearman: "1: dieselbe Reihenfolge wie Ihre Zahlen, 0: kein Zusammenhang",
      rmse: "in der Einheit Ihrer Zahlen; große Fehler zählen mehr",
      mae: "in der Einheit Ihrer Zahlen",
      r2: "1: keine Fehler, 0: so gut wie der Mittelwert",
    },
    interval:
      "Unter den Zahlen des angepassten Modells: der Bereich, in dem sie bei anderen solchen Texten höchstwahrscheinlich liegen (95\u00a0%).",
    scatter: "Vorhergesagte und wahre Zahlen",
    scatterHint: "Jeder Punkt ist ein Testtext. Auf der Linie stimmt die Vorhersage; darüber ist sie zu hoch.",
    scatterLabel: (count) =>
      `${some(count, "Text", "Texte")} als Punkte: nach rechts die Zahl in Ihren Daten, nach oben die vorhergesagte`,
    target: "Ihre Daten",
    predicted: "vorhergesagt",
    errors: "Die größten Fehler",
    errorsHint: "Testtexte, deren Zahl am schlechtesten vorhergesagt wird. Ihre Zahl in der Tabelle kann falsch sein.",
    said: (target, predicted) => `In Ihren Daten ${target}, vorhergesagt ${predicted}`,
    file: "Zahlen für eine ganze Datei vorhersagen",
    fileHint:
      "Eine Tabelle mit einer Spalte für Texte. Sie bekommen sie mit einer weiteren Spalte zurück: der vorhergesagten Zahl.",
    filePredicted: "zahl_vorhergesagt",
    fileDo: (count) => `${n(count)} Zeilen vorhersagen`,
  },
  words: {
    unmark: "kein Label",
    compared: "Von den Modellen gefundene Wörter",
    metrics: {
      f1: "Gefunden (F1)",
      precision: "Präzision",
      recall: "Trefferquote",
      accuracy: "Wörter mit ihrem Label",
    },
    metricHints: {
      f1: "100\u00a0%, wenn jeder Name, Ort, … als Ganzes mit seinem Label gefunden wird und keiner zu viel",
      precision: "von dem, was das Modell markiert hat, der Anteil, der stimmt",
      recall: "von dem, was in Ihren Daten markiert ist, der Anteil, der gefunden wurde",
      accuracy: "von allen Wörtern; die meisten haben gewöhnlich kein Label",
    },
    eachHint:
      "Was in den Testtexten markiert ist, zählt als gefunden, wenn alle seine Wörter markiert sind, mit dem richtigen Label.",
    eachColumns: ["Label", "Markiert", "F1", "Präzision", "Trefferquote"],
    none: "Keine Wörter sind markiert.",
    answerHint: "markierte Wörter mit ihrem Label und seiner Wahrscheinlichkeit",
    file: "Wörter einer ganzen Datei markieren",
    fileHint:
      "Eine Tabelle mit einer Spalte für Texte. Sie bekommen sie mit einer weiteren Spalte zurück: Labels und die Wörter, die sie haben.",
    filePredicted: "wörter_vorhergesagt",
    fileDo: (count) => `Wörter in ${rows(count)} markieren`,
  },
};
