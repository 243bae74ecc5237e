import type { together as en } from "./en-together.js";
import { n, some } from "./de-numbers.js";

/** Gemeinsame Runden auf Deutsch. */
export const together: typeof en = {
  heading: "Gemeinsam mit anderen lernen",
  intro:
    "Mehrere verbessern ein Modell, und niemand zeigt seine Texte. In jeder Runde lernt dieser Tab ein wenig aus Ihren Zeilen und schickt, was er gelernt hat, einige hundert Kilobyte an Zahlen; ein Server mittelt über alle, und die nächste Runde beginnt.",
  invited: "Wer den Server betreibt, nennt Ihnen die Adresse, oder einen Link, der Sie mit ihr hierher bringt.",
  server: "Adresse des Servers",
  serverHint: "ein Pfad dieser Seite, oder https://…",
  noAddress: "Das ist keine Adresse.",
  noTable: "Zuerst braucht es etwas, woraus gelernt wird.",
  noTableHint: "Öffnen Sie eine Tabelle mit Sätzen und Labels, mit denselben Labels wie die anderen.",
  toData: "Zu den Daten",
  learnsFrom: (count, name) => `Gelernt wird aus ${some(count, "Zeile", "Zeilen")} von „${name}“.`,
  labels: (labels) => `Labels: ${labels.join(", ")}`,
  leaves:
    "Was gelernt wurde, entsteht aus Ihren Texten und kann etwas über sie verraten. Fragen Sie den Betreiber, ob Rauschen dazukommt.",
  join: "Beitreten",
  leave: "Verlassen",
  states: {
    model: "Das Modell wird geladen …",
    joining: "Tritt bei …",
    waiting: "Wartet auf die anderen …",
    learning: "Lernt aus Ihren Zeilen …",
    leaving: "Verlässt die Runde …",
  },
  stay: "Lassen Sie diesen Tab offen: Eine Runde beginnt, wenn genug andere da sind.",
  step: (done, steps) => `Schritt ${n(done)} von ${n(steps)}`,
  traffic: (sent, received) => `${sent} gesendet, ${received} empfangen`,
  kilobytes: (bytes) => `${n(Math.round(bytes / 1e3))} kB`,
  rounds: "Runden",
  columns: { round: "Runde", loss: "Verlust auf Ihren Zeilen", state: "Ihr Teil" },
  round: (round, rounds) => `${n(round)} von ${n(rounds)}`,
  roundNow: (round, rounds) => `Runde ${n(round)} von ${n(rounds)}`,
  parts: { learning: "lernt", sending: "wird gesendet", taken: "gezählt", late: "kam zu spät" },
  over: (taken) =>
    taken === 0
      ? "Sie haben sie verlassen, ehe eine Runde zu Ende war."
      : `Fertig: ${some(taken, "Runde wurde", "Runden wurden")} gemeinsam gelernt.`,
  overHint:
    "Der Server hat den Mittelwert der letzten Runde aller. Was dieser Tab in seiner letzten Runde daraus gemacht hat, können Sie hier verwenden.",
  use: "Beurteilen und mitnehmen",
  runName: "gemeinsam gelernt",
  failed: "Es endete vor der letzten Runde.",
  again: "Noch einmal beitreten",
};
