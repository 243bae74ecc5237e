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
  verdict: {
    heads: {
      better: "Das angepasste Modell ist besser.",
      rare: "Das angepasste Modell ist bei seltenen Labels besser.",
      equal: "Etwa gleich gut.",
      simple: "Das einfache Modell ist besser.",
      guess: "Nicht besser als geraten.",
      worse: "Schlechter als geraten.",
      alone: "Besser als geraten.",
    },
    measured: {
      classify: (share) => `${share} Texten richtig`,
      "multi-label": (share) => `${share} Texten genau richtig`,
      regress: (error) => `im Mittel ${error} daneben`,
      tokens: (share) => `F1 ${share}`,
    },
    better: (adapted, simple) =>
      `Angepasstes Modell: ${adapted}; einfaches Modell: ${simple}. Der Unterschied ist wahrscheinlich mehr als Zufall.`,
    rare: (adapted, simple, points) =>
      `Angepasstes Modell: ${adapted}; einfaches Modell: ${simple}. Im Mittel über die Labels (Makro-F1) ist das angepasste Modell um ${points} Prozentpunkte besser, was mehr als Zufall ist.`,
    equal: (adapted, simple) =>
      `Angepasstes Modell: ${adapted}; einfaches Modell: ${simple}. Der Unterschied kann Zufall sein. Verwenden Sie das einfache Modell: Es ist kleiner.`,
    simple: (simple, adapted) =>
      `Einfaches Modell: ${simple}; angepasstes Modell: ${adapted}. Verwenden Sie das einfache Modell: Das volle Training hilft hier nicht.`,
    guess: (best, guess) =>
      `Das Modell: ${best}; geraten: ${guess}. Verwenden Sie es noch nicht. Mehr oder eindeutigere Zeilen können helfen.`,
    alone: (adapted, guess) => `Angepasstes Modell: ${adapted}; geraten: ${guess}.`,
    below: "Das angepasste Modell ist sogar schlechter als geraten.",
  },
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
