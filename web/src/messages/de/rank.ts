import { n, some } from "./numbers.js";
import type { rank as en } from "../en/rank.js";

const rows = (count: number) => some(count, "Zeile", "Zeilen");
const questions = (count: number) => some(count, "Frage", "Fragen");

/** The texts in German of the page that trains a reranker, and of the choice between it and the search. */
export const rank: typeof en = {
  offerHeading: "Fragen mit Texten: Was möchten Sie trainieren?",
  offers: {
    search: "Suche",
    searchHint:
      "Findet die richtigen Texte unter Tausenden, sofort. Sie braucht Fragen mit Texten, die sie beantworten.",
    rank: "Reranker",
    rankHint:
      "Liest Frage und Text zusammen und sagt, wie gut sie zueinander passen: genauer, aber langsam. Deshalb ordnet er die besten 20 bis 100 Ergebnisse einer Suche. Er braucht Texte, die passen, und Texte, die nicht passen.",
    noLabels: "In dieser Tabelle sagt keine Spalte, wie gut ein Text passt.",
    stay: "Oder bleiben Sie hier: Dann wird nur die Textspalte verwendet.",
  },

  heading: "Texte ordnen mit einem Reranker",
  intro:
    "Ein Reranker liest Frage und Text zusammen und sagt, wie gut der Text passt. Sie brauchen Fragen und zu jeder einige Texte, die passen, und einige, die nicht passen.",
  notSearch:
    "Ein Reranker ordnet wenige Texte, etwa die ersten Ergebnisse einer Suche. Um Texte unter vielen zu finden, verwenden Sie „Suchen nach Bedeutung“.",
  drop: "Tabelle hier ablegen oder Datei wählen",
  oneColumn: "Es wurde nur eine Spalte gefunden. Nötig sind drei: Fragen, Texte und wie gut jeder Text passt.",
  shapeCaption: "So sieht eine Tabelle aus",
  shapeColumns: ["Frage", "Text", "Label"],
  shape: [
    ["Wo ist mein Paket?", "Die Nummer steht in unserer E-Mail.", "1"],
    ["Wo ist mein Paket?", "Wir versenden Pakete an Werktagen.", "0"],
    ["Wie zahle ich auf Rechnung?", "Wählen Sie „Rechnung“ am Ende der Bestellung.", "1"],
  ],
  facts: rows,
  ordered: (count) => `${questions(count)} mit Texten, die passen, und Texten, die nicht passen`,
  repeated: (count) => `${rows(count)} wiederholt, einmal verwendet`,
  incomplete: (count) => `${rows(count)} mit leerem oder unlesbarem Feld, nicht verwendet`,
  columns: { question: "Fragen", text: "Texte", value: "Wie gut sie passen" },
  noColumn: "keine",
  another: "Andere Tabelle verwenden",

  trainHeading: "Den Reranker trainieren",
  trainIntro: "Jede fünfte Frage bleibt für den Test am Ende.",
  noLabels:
    "Training braucht eine Spalte, die sagt, wie gut jeder Text zu seiner Frage passt: 1 oder 0, ja oder nein oder eine Zahl. Für Fragen nur mit richtigen Antworten trainieren Sie lieber die Suche.",
  tooFew: (count, least) =>
    `Training braucht mindestens ${questions(least)} mit Texten, die passen, und Texten, die nicht passen; es ${count === 1 ? "ist 1" : `sind ${n(count)}`}. Ergänzen Sie Texte, die nicht passen, mit dem Label 0.`,
  efforts: {
    quick: "Schneller Versuch: 100 Schritte, um zu sehen, ob es geht",
    normal: "Empfohlen: mindestens 100 Schritte",
  },
  start: "Training beginnen",
  steps: "Schritte",
  asAbove: "wie oben gewählt",
  trainAgain: "Noch einmal trainieren",
  trainedOn: (name) => `Trainiert mit „${name}“.`,
  forget: "Das trainierte Modell löschen",
  phases: {
    tokenize: "Tabelle wird gelesen",
    "encode-validation": "Ordnen ohne Training, zum Vergleich",
    train: "Training",
    validate: "Test mit den beiseitegelegten Fragen",
  },
  base: "Nach Ähnlichkeit, ohne Training",
  trained: "Vom Reranker",
  metric: "Maß",
  metrics: {
    "ndcg@10": ["NDCG@10", "1, wenn die besten Texte oben stehen; weniger, je weiter unten sie sind"],
    "mrr@10": ["MRR@10", "Mittel von 1 / Platz des ersten Textes, der passt"],
    map: ["MAP", "Mittel der Average Precision: 1, wenn alle passenden Texte über allen anderen stehen"],
  },
  verdicts: {
    better: (before, after) =>
      `Der Reranker hilft: NDCG@10 ist ${after}, nach Ähnlichkeit allein ${before}. Der Unterschied ist mehr als Zufall.`,
    equal: (before, after) =>
      `Mit dem Reranker ist NDCG@10 ${after}, nach Ähnlichkeit allein ${before}. Bei so vielen Fragen kann das Zufall sein.`,
    simple: (before, after) =>
      `Der Reranker hilft nicht: Sein NDCG@10 ist ${after}, nach Ähnlichkeit allein ${before}. Ein neuer Reranker braucht viele Zeilen, oft Tausende: Ergänzen Sie welche, trainieren Sie länger, oder trainieren Sie die Suche.`,
  },
  measured: (count) =>
    `Einmal gemessen, mit ${some(count, "Frage", "Fragen")}, mit ${count === 1 ? "der" : "denen"} nicht trainiert wurde.`,
  few: "Mit so wenigen Fragen ist das nur eine grobe Messung.",

  tryHeading: "Ausprobieren",
  offered: "Fragen Ihrer Tabelle mit ihren Texten",
  question: "Frage",
  texts: "Texte, einer je Zeile",
  order: "Ordnen",
  ordering: "Ordnet …",
  notOrdered: "Die Texte ließen sich nicht ordnen.",
  results: (question) => `Die Texte, geordnet für „${question}“`,
  scores: { base: (value) => `Ähnlichkeit ${value}`, adapter: (value) => `passt ${value}` },
  scoreHint:
    "Die Zahl des Rerankers liegt zwischen 0 und 1. Sie ordnet die Texte einer Frage; Zahlen verschiedener Fragen lassen sich schlecht vergleichen.",
  fits: "passt, sagt Ihre Tabelle",

  takeHeading: "Mitnehmen",
  takeHint:
    "Ein Zip mit dem Ordner „reranker“: das trainierte Modell, wie sentence-transformers und PEFT es lesen, und der Bericht.",
  take: "Reranker speichern",
  preparing: "Wird vorbereitet …",
  use: "Anderswo verwenden",
  useHint: "Entpacken Sie das Zip. Der Befehl oder das Programm läuft neben dem Ordner „reranker“.",
  places: { command: "Befehlszeile", node: "Node", page: "Webseite", python: "Python" },
  copy: "Kopieren",
  copied: "Kopiert",
};
