import { n, some } from "./numbers.js";
import type { forReading as en } from "../en/reading.js";

const rows = (count: number) => some(count, "Zeile", "Zeilen");
const quoted = (text: string) => `„${text}“`;

export const forReading: typeof en = {
  sheet: (name) => `Blatt ${quoted(name)}`,
  sheetLabel: "Blatt",
  hidden: (name) => `${name} (ausgeblendet)`,
  namesIn: "Spaltennamen",
  namesRow: (row, text) => `Zeile ${n(row)}: ${text}`,
  noNames: "keine; die Spalten werden nummeriert",
  skipped: (count) => `${rows(count)} über den Spaltennamen übersprungen`,
  skippedWithoutNames: (count) => `${rows(count)} über der Tabelle übersprungen`,
  skippedWhy:
    "Übersprungene Zeilen sind Überschriften: Sie füllen weniger Spalten als die Spaltennamen darunter, oder eine leere Zeile folgt auf sie. Gehören sie zur Tabelle, wählen Sie eine andere Zeile.",
  below: (count) => `${rows(count)} unter der Tabelle übersprungen`,
  belowLabel: "Zeilen unter der Tabelle",
  belowSkipped: (first) => (first === "" ? "übersprungen" : `übersprungen, ab ${first}`),
  belowRows: "Zeilen der Tabelle",
  belowWhy:
    "Zeilen unter der Tabelle sind Summen oder Anmerkungen, die höchstens halb so viele Spalten füllen wie ihre Zeilen. Gehören sie zur Tabelle, wählen Sie „Zeilen der Tabelle“.",
  passedOver: (name) =>
    `${quoted(name)} ist das erste sichtbare Blatt mit einer großen Tabelle von Texten. Die Blätter davor haben weniger oder keine.`,
  filled: (count) =>
    count === 1 ? "1 verbundene Zelle in ihrer Zeile wiederholt" : `verbundene Zellen in ${rows(count)} wiederholt`,
  unsolved: (count) => `${some(count, "Formel", "Formeln")} ohne Ergebnis`,
  unsolvedWhy:
    "Eine Formel ohne gespeichertes Ergebnis ist hier eine leere Zelle. Öffnen Sie die Arbeitsmappe in einer Tabellenkalkulation, speichern Sie sie, und wählen Sie sie noch einmal.",
  joinTexts: "Textspalten verbinden",
  joinedTexts: (count) => `${n(count)} Textspalten verbunden`,
  joinHint: (first) =>
    `Jeder Text besteht aus ${first} und diesen Spalten, in dieser Reihenfolge, jede auf einer eigenen Zeile. Leere entfallen.`,
  nthText: (place) => `${n(place)}. Spalte`,
  noColumn: "keine",
  misspelt: (wrong, wrongCount, right, rightCount) =>
    `${quoted(wrong)} (${rows(wrongCount)}) ist vielleicht ein Tippfehler für ${quoted(right)} (${rows(rightCount)}).`,
  backTo: (name) => `Zurück zu ${quoted(name)}`,
  discarded: "Ihre Änderungen an den Zeilen sind verworfen.",
  undone: "Die letzte Änderung ist rückgängig gemacht.",
};
