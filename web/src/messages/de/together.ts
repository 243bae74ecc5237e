import type { together as en } from "../en/together.js";
import { kilobytes, n, some } from "./numbers.js";

/** The texts of federated rounds in German. */
export const together: typeof en = {
  heading: "Gemeinsam mit anderen trainieren",
  intro:
    "Mehrere Personen trainieren ein Modell, und niemand zeigt seine Texte. In jeder Runde trainiert dieser Tab mit Ihren Zeilen und sendet das Ergebnis, einige Hundert Kilobyte an Zahlen. Ein Server bildet daraus den Mittelwert, und die nächste Runde beginnt.",
  invited:
    "Die Person, die den Server betreibt, gibt Ihnen seine Adresse oder einen Link zu dieser Seite, der sie enthält.",
  sameModel: (name) => `Alle, die mitmachen, brauchen dasselbe Modell; hier ist es ${name}.`,
  server: "Adresse des Servers",
  serverHint: "ein Pfad dieser Website oder https://…",
  noAddress: "Das ist keine Adresse.",
  noTable: "Öffnen Sie zuerst eine Tabelle zum Trainieren.",
  otherTask: "Gemeinsames Training braucht eine Tabelle mit einem Label je Text.",
  noTableHint: "Sie brauchen eine Tabelle mit Texten und Labels, mit denselben Labels wie die anderen.",
  toData: "Zu den Daten",
  trainingRows: (count, name) => `Das Training verwendet ${some(count, "Zeile", "Zeilen")} von „${name}“.`,
  labels: (labels) => `Labels: ${labels.join(", ")}`,
  leaves:
    "Was gesendet wird, entsteht beim Training mit Ihren Texten und kann etwas über sie verraten. Fragen Sie die Person, die den Server betreibt, ob zum Schutz Rauschen hinzugefügt wird.",
  join: "Beitreten",
  leave: "Aussteigen",
  states: {
    model: "Das Modell wird heruntergeladen …",
    joining: "Verbindung wird aufgebaut …",
    waiting: "Wartet auf die anderen …",
    learning: "Trainiert mit Ihren Zeilen …",
    leaving: "Steigt aus …",
  },
  stay: "Lassen Sie diesen Tab offen. Eine Runde beginnt, wenn genug Personen beigetreten sind.",
  step: (done, steps) => `Schritt ${n(done)} von ${n(steps)}`,
  traffic: (sent, received) => `${sent} gesendet, ${received} empfangen`,
  kilobytes,
  rounds: "Runden",
  columns: { round: "Runde", loss: "Verlust bei Ihren Zeilen", state: "Ihr Ergebnis" },
  round: (round, rounds) => `${n(round)} von ${n(rounds)}`,
  roundNow: (round, rounds) => `Runde ${n(round)} von ${n(rounds)}`,
  parts: { learning: "trainiert", sending: "wird gesendet", taken: "gezählt", late: "zu spät" },
  over: (taken) =>
    taken === 0
      ? "Sie sind ausgestiegen, bevor die erste Runde zu Ende war."
      : `Fertig: Ihre Ergebnisse zählten in ${some(taken, "Runde", "Runden")}.`,
  overHint:
    "Der Server hat den Mittelwert der letzten Runde. Hier können Sie das eigene Ergebnis dieses Tabs aus seiner letzten Runde verwenden.",
  use: "Ausprobieren und herunterladen",
  runName: "gemeinsam trainiert",
  failed: "Das Training endete vor der letzten Runde.",
  again: "Noch einmal beitreten",
};
