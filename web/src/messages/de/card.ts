import type { card as en } from "../en/card.js";
import { n, some } from "./numbers.js";

export const card: typeof en = {
  heading: "Was dieses Modell kann und was nicht",
  hint: "Diese Sätze liegen der Zip-Datei als README.md bei, als Model Card des Hugging-Face-Hubs.",
  intro: (base) =>
    `Ein Adapter für ${base}, in einem Browser trainiert mit lowrank. Er lässt sich mit PEFT in Python und mit lowrank in JavaScript laden.`,
  simpleIntro: (base) =>
    `Ein einfaches Modell auf ${base}, in einem Browser mit lowrank trainiert: eine kleine Schicht auf dem unveränderten Modell. lowrank in JavaScript lädt es.`,
  adapted: "Angepasstes Modell:",
  dataHeading: "Daten",
  resultHeading: "Ergebnis",
  limitsHeading: "Grenzen",
  rows: (count, name) => `${some(count, "Text", "Texte")} aus „${name}“.`,
  labels: (count, listed) => `${some(count, "Label", "Labels")}: ${listed}.`,
  split: (trained, tested, chosen) =>
    `Trainiert wurde mit ${some(trained, "Text", "Texten")}; ${some(tested, "Text wurde", "Texte wurden")} für den Test beiseitegelegt${chosen === 0 ? "" : `, ${n(chosen)} für die Wahl des besten Schritts`}.`,
  unknownData: "Das Modell wurde aus einer Datei geladen; seine Daten sind hier nicht bekannt.",
  measured: (count) => `Einmal gemessen, an ${some(count, "Text", "Texten")}, mit denen nicht trainiert wurde.`,
  unknownResult: "Ein Testergebnis gibt es hier nicht.",
  few: (count) => `Ein Test an ${some(count, "Text", "Texten")} misst nur grob.`,
  alike:
    "Das Ergebnis gilt für Texte wie diese. Bei Texten aus anderer Quelle oder Zeit kann es schlechter sein: Prüfen Sie das Modell erst an ihnen.",
  length: (tokens) =>
    `Es liest die ersten ${n(tokens)} Tokens eines Textes, etwa ${n(Math.round((tokens * 3) / 4))} Wörter. Der Rest wird abgeschnitten.`,
  always: {
    classify: ["Es gibt jedem Text eines dieser Labels, auch einem, zu dem keines passt."],
    "multi-label": ["Es kennt nur diese Labels. Ein Text kann auch keines bekommen."],
    regress: ["Es sagt zu jedem Text eine Zahl vorher, auch zu einem, der mit den Daten nichts zu tun hat."],
    tokens: ["Es markiert nur diese Arten von Wörtern und übersieht manche."],
  },
  english:
    "Das Sprachmodell wurde vor allem mit englischen Texten trainiert. In anderen Sprachen sind die Antworten schlechter.",
  people:
    "Es übernimmt Fehler und Gewohnheiten der Menschen, die die Labels vergeben haben. Lassen Sie es nicht allein über Menschen entscheiden.",
};
