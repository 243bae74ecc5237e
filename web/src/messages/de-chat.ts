import type { chat as en } from "./en-chat.js";
import { n, point, some } from "./de-numbers.js";

/** The chat's texts in German. */
export const chat: typeof en = {
  heading: "Mit einem kleinen Sprachmodell chatten",
  intro:
    "Das Modell läuft in diesem Tab, ohne Konto. Kleine Modelle wissen wenig und machen viele Fehler. Trainieren Sie eines mit hundert Beispielen, dann antwortet es so, wie Sie möchten. SmolLM2 kann fast nur Englisch.",
  offered: "SmolLM2, 135 Millionen Parameter",
  offeredHint: "98 MB, einmal heruntergeladen und in diesem Browser gespeichert",
  takeOffered: "SmolLM2 öffnen",
  or: "oder ein eigenes Modell hier ablegen",
  chooseFile: "GGUF-Datei wählen",
  chooseFolder: "Ordner wählen",
  kinds:
    "GGUF oder ein Ordner mit config.json und safetensors: Llama, Qwen, Gemma, SmolLM und andere bis zu einer Milliarde Parameter",
  address: "Oder die Adresse eines Modells",
  addressGo: "Herunterladen",
  addressHint: "eine .gguf-Datei oder ein Ordner wie auf dem Hugging Face Hub",
  keptHeading: "In diesem Browser gespeichert",
  forget: (name) => `„${name}“ aus diesem Browser löschen`,
  fetching: "Das Modell wird heruntergeladen …",
  loading: "Das Modell wird geladen …",
  cancel: "Abbrechen",
  notOpened: "Das Modell ließ sich nicht öffnen.",
  positions: (count) => `liest bis zu ${n(count)} Tokens`,
  another: "Anderes Modell",
  turns: "Gespräch",
  begin: "Schreiben Sie eine Nachricht. Sie verlässt diesen Tab nicht.",
  away: "Das Modell wird trainiert. Es antwortet wieder, wenn das Training beendet oder angehalten ist.",
  continues: "Dieses Modell ist nicht für Gespräche gemacht. Es setzt fort, was Sie schreiben.",
  examples: ["What is a fjord?", "Write a haiku about rain.", "Name three fruits."],
  say: "Ihre Nachricht",
  send: "Senden",
  stop: "Anhalten",
  writing: "Schreibt eine Antwort …",
  stopped: "angehalten",
  cut: "längste Antwort erreicht",
  speed: (tokens) => `${tokens < 10 ? point(tokens.toFixed(1)) : n(Math.round(tokens))} Tokens je Sekunde`,
  notAnswered: "Es gibt keine Antwort.",
  tooLong: "Das ist mehr, als das Modell lesen kann. Beginnen Sie ein neues Gespräch, oder schreiben Sie weniger.",
  sides: { base: "Ohne den Adapter", adapted: "Mit dem Adapter" },
  beside: "Auch die Antwort ohne den Adapter zeigen",
  newConversation: "Neues Gespräch",
  fields: { instructions: "Anweisungen", temperature: "Temperatur", maxTokens: "Längste Antwort, in Tokens" },
  fieldHints: {
    instructions: "das Modell liest sie vor dem Gespräch",
    temperature: "0 gibt immer dieselbe Antwort; etwa 0,7 gibt verschiedene",
    maxTokens: "ein Token ist etwa drei Viertel eines Wortes",
  },
  instructionsExample: "Answer in a few words.",
  adapterHeading: "Adapter",
  noAdapter:
    "Ein Adapter ist eine kleine Datei, die ändert, wie das Modell antwortet. Trainieren Sie unten einen, oder laden Sie einen von PEFT oder lowrank.",
  pickAdapter: "Adapter laden",
  otherAdapter: "Anderen Adapter laden",
  removeAdapter: "Adapter entfernen",
  useTrained: (name) => `Den mit „${name}“ trainierten Adapter verwenden`,
  adapterRefused: "Das ist kein Adapter für dieses Modell.",
  teachHeading: "Trainieren",
  teachHint:
    "Sie brauchen Fragen mit den gewünschten Antworten: eine Tabelle mit zwei Spalten oder JSON Lines mit Gesprächen. Beginnen Sie mit etwa fünfzig. Das Modell lernt, wie es antworten soll, nicht was wahr ist. Oder bringen Sie Paare von Antworten, von denen eine besser ist (Spalten prompt, chosen und rejected): Das Modell lernt, solche Antworten vorzuziehen. Oder bringen Sie Texte, als Tabelle mit einer Spalte oder als Datei mit Absätzen: Das Modell lernt, solche Texte fortzusetzen.",
  better: "Besser:",
  worse: "Schlechter:",
  chooseConversations: "Datei mit Beispielen wählen",
  found: (count, name) => `${some(count, "Beispiel", "Beispiele")} in „${name}“. Das erste:`,
  tooFew:
    "Das sind zu wenige, um einige beiseitezulegen. Das Modell wird mit allen trainiert, und das Ergebnis wird nicht gemessen.",
  quick: "Kurzer Versuch: 20 Schritte, ein bis zwei Minuten",
  normal: "Empfohlen: drei Durchgänge durch die Beispiele",
  steps: "Schritte",
  stepsAsAbove: "wie oben gewählt",
  teach: "Training beginnen",
  phases: {
    tokenize: "Beispiele werden gelesen",
    "encode-validation": "Messung vor dem Training, zum Vergleich",
    train: "Training läuft",
    validate: "Wird an beiseitegelegten Beispielen geprüft",
  },
  trained: (name) => `Mit „${name}“ trainiert.`,
  preferred: (after, before) =>
    `Das Training hilft: Bei beiseitegelegten Beispielen hat die bessere Antwort in ${after} die höhere Belohnung (reward accuracy; das Basismodell: ${before}).`,
  notPreferred: (after, before) =>
    `Das Training hat nicht geholfen: Bei beiseitegelegten Beispielen hat die bessere Antwort in ${after} die höhere Belohnung (reward accuracy; das Basismodell: ${before}). Mehr Beispiele oder ein längeres Training können helfen.`,
  probable: (before, after) =>
    `Die Belohnung einer Antwort sagt, wie viel wahrscheinlicher das Training sie gemacht hat. Vor dem Training sind alle gleich, was als halb zählt. Die bessere Antwort ist in ${after} der Beispiele die wahrscheinlichere; vor dem Training war sie es in ${before}.`,
  perplexity: (before, after) =>
    `Bei beiseitegelegten Beispielen ging seine Perplexität von ${point(before.toFixed(1))} auf ${point(after.toFixed(1))}.`,
  perplexityHint:
    "Die Perplexität sagt, wie unsicher das Modell beim jeweils nächsten Wort ist. Weniger ist besser; 1 heißt sicher.",
  takeAdapter: "Adapter speichern",
};
