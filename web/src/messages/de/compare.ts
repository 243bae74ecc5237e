import type { compare as en } from "../en/compare.js";

/** The texts in German of the page that compares sentences. */
export const compare: typeof en = {
  heading: "Sätze vergleichen",
  intro:
    "Wie ähnlich das Modell zwei Sätze findet: 1 heißt gleich, 0 nichts gemeinsam. Ein Training ändert diese Zahlen. Das Modell kann fast nur Englisch.",
  firstLabel: "Diese Sätze, je Zeile einer",
  secondLabel: "mit diesen, je Zeile einer",
  first: ["A warm and funny film.", "I fell asleep twice.", "The actors are wonderful."],
  second: ["What a joy to watch.", "Dull from beginning to end.", "It rained on Tuesday."],
  compare: "Vergleichen",
  busy: "Vergleicht …",
  before: "Vor dem Training",
  after: (name) => `Nach dem Training mit „${name}“`,
  noAdapter:
    "Trainieren Sie ein Modell oder laden Sie ein gespeichertes, dann zeigt eine zweite Tabelle die Ähnlichkeit nach dem Training.",
};
