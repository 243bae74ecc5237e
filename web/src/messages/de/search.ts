import type { search as en } from "../en/search.js";
import { n, some } from "./numbers.js";

const texts = (count: number) => some(count, "Text", "Texte");
const rows = (count: number) => some(count, "Zeile", "Zeilen");

/** The texts in German of the page that searches. */
export const search: typeof en = {
  heading: "Suchen nach Bedeutung",
  intro:
    "Sie brauchen Fragen mit ihren Antworten oder eine Liste von Texten. Die Suche findet Texte, die dasselbe bedeuten wie Ihre Anfrage, auch wenn sie kein Wort mit ihr gemeinsam haben.",
  drop: "Tabelle oder Liste hier ablegen oder Datei wählen",
  formats: "CSV, TSV, JSON Lines oder Excel (.xlsx); oder eine Textdatei mit einem Text je Zeile",
  pasteHint:
    "Fügen Sie einen Text je Zeile ein oder Zellen Ihrer Tabelle mit einer Spalte für Fragen und einer für Antworten.",
  pasteLabel: "Texte oder Fragen und Antworten",
  sample: "Beispiel ausprobieren",
  sampleHint: "457 englische Fragen zum Allgemeinwissen mit ihren Antworten",
  sampleName: "Allgemeinwissen",
  shapeCaption: "So sieht eine Tabelle aus",
  shapeQuestion: "Frage",
  shapeAnswer: "Antwort",
  shape: [
    ["Wo ist mein Paket?", "Die Nummer steht in unserer E-Mail."],
    ["Wie zahle ich auf Rechnung?", "Wählen Sie „Rechnung“ am Ende der Bestellung."],
  ],
  facts: texts,
  pairs: (count) => some(count, "Paar", "Paare"),
  repeated: (count) => `${rows(count)} wiederholt, einmal verwendet`,
  incomplete: (count) => `${rows(count)} mit leerer Zelle`,
  textColumn: "Texte, in denen gesucht wird",
  questionColumn: "Fragen, die sie beantworten",
  noQuestions: "keine: eine Liste von Texten",
  another: "Andere Texte verwenden",
  tooMany: (count, most) =>
    `Es sind ${n(count)} verschiedene Texte, und diese Seite durchsucht höchstens ${n(most)}. Verwenden Sie einen Teil der Liste oder den Befehl „lowrank index“, der eine Million Texte bewältigt.`,
  noTexts: "Diese Spalte hat keine Texte. Wählen Sie eine andere.",
  chooseModel: "Suchen können Sie, sobald ein Modell Ihre Texte gelesen hat: das mehrsprachige oder das englische.",
  useEnglish: (size) => `Mit dem englischen Modell lesen (${size})`,
  recognising: "Die Sprache Ihrer Texte wird erkannt",
  indexing: "Die Texte werden für die Suche gelesen",
  stop: "Anhalten",
  stopped: "Die Texte wurden nicht zu Ende gelesen und können deshalb nicht durchsucht werden.",
  again: "Noch einmal lesen",
  notIndexed: "Die Texte ließen sich nicht für die Suche lesen.",
  query: "Was suchen Sie?",
  placeholder: "Eine Frage oder ein paar Wörter",
  search: "Suchen",
  searching: "Sucht …",
  notSearched: "Die Suche ist gescheitert.",
  examples: "Fragen Ihrer Tabelle",
  results: (query) => `Die besten Texte zu „${query}“`,
  base: "Ohne Training",
  score: (value) => `Ähnlichkeit ${value}`,
  scoreHint:
    "Die Ähnlichkeit (Kosinus) ist 1 bei gleicher Bedeutung und fast 0, wenn Texte nichts gemeinsam haben. Sie ordnet nur die Texte einer Anfrage.",
  right: "die Antwort in Ihrer Tabelle",
  rightAt: (place) => `Die Antwort in Ihrer Tabelle ist Nummer ${n(place)}.`,
  rightBeyond: (ranked) => `Die Antwort in Ihrer Tabelle ist nicht unter den ersten ${n(ranked)}.`,

  adapted: "Nach dem Training",
  baseOf: "Vor dem Training",
  heldOut: "Fragen, mit denen nicht trainiert wurde",
  trainHeading: "Die Suche trainieren",
  trainIntro:
    "Das Modell lernt aus Ihren Paaren, welche Texte welche Fragen beantworten. Jede fünfte Frage bleibt für den Test am Ende.",
  tooFew: (count, least) =>
    count === 0
      ? `Training braucht Paare: eine Spalte mit Fragen oder Ergebnisse, die Sie als richtig beurteilen. Nötig sind mindestens ${n(least)} verschiedene Fragen.`
      : `Training braucht mindestens ${n(least)} verschiedene Fragen mit einer Antwort; es ${count === 1 ? "ist 1" : `sind ${n(count)}`}. Ergänzen Sie Zeilen oder beurteilen Sie Ergebnisse.`,
  oneAnswer: "Alle Fragen haben dieselbe Antwort, also gibt es nichts zu unterscheiden.",
  efforts: {
    quick: "Schneller Versuch: 30 Schritte, um zu sehen, ob es geht",
    normal: "Empfohlen: mindestens 100 Schritte",
  },
  start: "Training beginnen",
  phases: {
    tokenize: "Paare werden gelesen",
    "encode-validation": "Suche vor dem Training, zum Vergleich",
    train: "Training",
    validate: "Test mit den beiseitegelegten Fragen",
  },
  trainedOn: (name) => `Trainiert mit „${name}“.`,
  otherModel:
    "Sie haben ein anderes Modell trainiert als das, das jetzt die Texte liest. Deshalb verwendet die Suche es nicht. Trainieren Sie noch einmal, oder wählen Sie das andere Modell.",
  adding: "Die Texte werden mit dem trainierten Modell gelesen",
  forget: "Das trainierte Modell löschen",
  trainAgain: "Noch einmal trainieren",
  measured: (questions, documents) =>
    `Einmal gemessen, mit ${some(questions, "Frage", "Fragen")}, mit ${questions === 1 ? "der" : "denen"} nicht trainiert wurde. Durchsucht ${documents === 1 ? "wird" : "werden"} ${texts(documents)}.`,
  few: "Mit so wenigen Fragen ist das nur eine grobe Messung.",
  words: "Wörter (BM25)",
  wordsHint: "BM25 ist die übliche Suche, die die Wörter der Frage mit denen jedes Textes vergleicht.",
  before: "Vorher",
  after: "Nachher",
  metric: "Maß",
  metrics: {
    "ndcg@10": ["NDCG@10", "1, wenn die richtigen Texte oben stehen; weniger, je weiter unten sie sind"],
    "mrr@10": ["MRR@10", "Mittel von 1 / Platz des ersten richtigen Textes"],
    "recall@1": ["Recall@1", "Anteil der richtigen Texte auf dem ersten Platz"],
    "recall@10": ["Recall@10", "Anteil der richtigen Texte unter den ersten zehn"],
  },
  firstFive: (after, before, questions) =>
    `Bei ${n(after)} von ${some(questions, "Frage", "Fragen")}, mit ${questions === 1 ? "der" : "denen"} nicht trainiert wurde, ist der richtige Text unter den ersten fünf. Vor dem Training: ${n(before)}.`,
  counting: "Sucht mit den beiseitegelegten Fragen …",
  advice: {
    better:
      "Der Unterschied ist mehr als Zufall. Als Nächstes: Probieren Sie eigene Fragen und beurteilen Sie die Treffer.",
    equal:
      "Der Unterschied kann Zufall sein. Als Nächstes: Beurteilen Sie Treffer eigener Fragen und trainieren Sie noch einmal.",
    simple:
      "Das Training hat nicht geholfen. Suchen Sie ohne es, oder beurteilen Sie mehr Treffer und trainieren Sie noch einmal.",
  },
  sinceTraining: (count) =>
    count === 0
      ? "Keine neuen Urteile seit dem letzten Training."
      : `${some(count, "Urteil", "Urteile")} seit dem letzten Training.`,
  enough: "Es gibt genug Fragen mit einem richtigen Text für ein Training.",
  missing: (count, least) =>
    `${n(count)} von ${n(least)} Fragen mit einem richtigen Text: Beurteilen Sie weitere, um zu trainieren.`,
  found: (count) => `${texts(count)} gefunden.`,
  project: "Die ganze Suche",
  projectHint: "Als Projekt gespeichert, lässt sie sich hier wieder öffnen, mit Texten, Urteilen und Training.",
  verdicts: {
    better: (before, after) =>
      `Das Training hilft: NDCG@10 stieg von ${before} auf ${after}, und das ist mehr als Zufall.`,
    equal: (before, after) =>
      `Nach dem Training ist NDCG@10 ${after} statt ${before}. Bei so vielen Fragen kann das Zufall sein.`,
    simple: (before, after) =>
      `Das Training hat nicht geholfen: NDCG@10 war vorher ${before} und ist danach ${after}. Suchen Sie ohne es, oder trainieren Sie mit mehr Paaren.`,
  },
  unchanged:
    "Bei den Paaren, nach denen der Schritt gewählt wird, war kein Schritt des Trainings besser als der Anfang. Das trainierte Modell ist deshalb dasselbe wie zuvor.",
  wordsBetter: (value) =>
    `Eine Suche nach Wörtern (BM25) ist hier besser, mit ${value}: Ihre Fragen verwenden die Wörter ihrer Antworten.`,
  judgeHint:
    "Beurteilen Sie die Ergebnisse, dann zählt diese Seite, wie viele richtig sind, vor und nach dem Training.",
  isRight: "Richtig",
  isWrong: "Falsch",
  judgedHeading: "Ihre Urteile",
  precision: (right, judged) => `${n(right)} von ${n(judged)} beurteilten Ergebnissen sind richtig`,
  precisionHint: (queries) =>
    `Unter den ersten fünf von ${some(queries, "Anfrage", "Anfragen")} (Genauigkeit, precision). Die Antworten Ihrer Tabelle zählen als richtig.`,
  judgedCount: (right, wrong) => `${n(right)} als richtig beurteilt, ${n(wrong)} als falsch`,
  useJudged:
    "Das nächste Training verwendet sie: Richtige Ergebnisse sind weitere Paare, und Paare Ihrer Tabelle, die Sie falsch fanden, bleiben weg.",
  takePairs: "Richtige Paare speichern (CSV)",
  takeJudged: "Alle Urteile speichern (CSV)",
  forgetJudged: "Urteile löschen",
  takeHeading: "Mitnehmen",
  takeHint: (isAdapted) =>
    isAdapted
      ? "Ein Zip mit dem Ordner „search“: das trainierte Modell im Format von sentence-transformers, der Index und die Texte."
      : "Ein Zip mit dem Ordner „search“: der Index des untrainierten Modells und die Texte.",
  take: "Suche speichern",
  takeBase: "Suche ohne Training speichern",
  preparing: "Wird vorbereitet …",
  use: "Anderswo verwenden",
  useHint: "Entpacken Sie das Zip. Der Befehl oder das Programm läuft neben dem Ordner „search“.",
  places: { command: "Befehlszeile", node: "Node", page: "Webseite" },
  copy: "Kopieren",
  copied: "Kopiert",
};
