import type { judged as en } from "../en/judged.js";
import { n, some } from "./numbers.js";

/** The texts in German of thumbs up and down in the chat. */
export const judged: typeof en = {
  good: "Gute Antwort",
  bad: "Schlechte Antwort",
  other: { good: "Eine schlechtere Antwort", bad: "Eine bessere Antwort" },
  hint: {
    good: "Schreiben Sie eine, oder lassen Sie das Modell andere schreiben, bis eine schlechter ist. Das Training macht die gute Antwort wahrscheinlicher.",
    bad: "Schreiben Sie eine, oder lassen Sie das Modell andere schreiben, bis eine besser ist. Das Training macht die bessere Antwort wahrscheinlicher.",
  },
  another: "Neue Antwort schreiben lassen",
  writing: "Schreibt …",
  keep: "Dieses Paar behalten",
  cancel: "Abbrechen",
  same: "Beide Antworten sind gleich.",
  kept: "Für das Training behalten",
  removed: "Paar entfernt",
  heading: "Bewertete Antworten",
  intro: (count) =>
    `${some(count, "Paar", "Paare")} aus einer besseren und einer schlechteren Antwort, die Sie mit Daumen hoch oder runter bewertet haben.`,
  show: "Paare zeigen",
  better: "Besser:",
  worse: "Schlechter:",
  remove: (asked) => `Das Paar zu „${asked}“ entfernen`,
  train: (count) => (count === 1 ? "Mit diesem Paar trainieren" : `Mit diesen ${n(count)} Paaren trainieren`),
  save: "Als Tabelle speichern",
  name: "Bewertete Antworten",
  file: "bewertete-antworten.jsonl",
};
