import type { headline as en } from "../en/headline.js";

export const headline: typeof en = {
  classify: (right, guess) =>
    `${right} Texten bekommen das richtige Label. Rät man immer das häufigste Label, sind es ${guess}.`,
  labels: (right, guess) =>
    `${right} Texten bekommen genau ihre Labels. Rät man immer die häufigsten, sind es ${guess}.`,
  numbers: (error, guess) =>
    `Die vorhergesagte Zahl weicht im Mittel um ${error} ab. Rät man immer den Mittelwert, sind es ${guess}.`,
  words: (found, right) =>
    `${found} dessen, was in Ihren Texten markiert ist, wird gefunden, und ${right} dessen, was das Modell markiert, ist richtig.`,
  of: (count, all) => `${count} von ${all}`,
  rounds: (results) => `Ihre Trainings mit dieser Tabelle: ${results.join(" → ")}`,
  errors: (results) =>
    `Mittlerer Fehler Ihrer Trainings mit dieser Tabelle, je kleiner, desto besser: ${results.join(" → ")}`,
  toDoubts: "Als Nächstes: Labels prüfen, die vielleicht falsch sind",
  toMistakes: "Als Nächstes: die Fehler lesen",
  toTake: "Als Nächstes: das Modell verwenden",
  details: "Einzelheiten",
  unchanged: "Keine Änderungen seit diesem Training.",
  foreign:
    "Ihre Texte sind nicht alle auf Englisch. Mit dem mehrsprachigen Modell, das Sie unter „Daten“ wählen, bekommen höchstwahrscheinlich mehr davon das richtige Label.",
  manyDoubts: (share) =>
    `Das einfache Modell widerspricht ${share} der Zeilen. Bei so vielen irrt sich meist das Modell: Ändern Sie ein Label nur, wenn Sie den Text gelesen haben.`,
};
