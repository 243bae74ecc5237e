import type { judged as en } from "../en/judged.js";
import { some } from "./numbers.js";

const pairs = (count: number) => some(count, "paire", "paires");

/** The texts in French of thumbs up and down in the chat. */
export const judged: typeof en = {
  good: "Bonne réponse",
  bad: "Mauvaise réponse",
  other: { good: "Une réponse moins bonne", bad: "Une meilleure réponse" },
  hint: {
    good: "Écrivez-en une, ou laissez le modèle en écrire d’autres jusqu’à ce que l’une soit moins bonne. L’entraînement rend la bonne réponse plus probable.",
    bad: "Écrivez-en une, ou laissez le modèle en écrire d’autres jusqu’à ce que l’une soit meilleure. L’entraînement rend la meilleure réponse plus probable.",
  },
  another: "En écrire une autre",
  writing: "Rédaction…",
  keep: "Garder cette paire",
  cancel: "Annuler",
  same: "Les deux réponses sont identiques.",
  kept: "Gardée pour l’entraînement",
  removed: "Paire supprimée",
  heading: "Réponses jugées",
  intro: (count) =>
    `${pairs(count)} d’une meilleure et d’une moins bonne réponse, d’après vos pouces levés et baissés.`,
  show: "Afficher les paires",
  better: "Meilleure\u00a0:",
  worse: "Moins bonne\u00a0:",
  remove: (asked) => `Supprimer la paire de «\u00a0${asked}\u00a0»`,
  train: (count) => (count === 1 ? "Entraîner avec cette paire" : `Entraîner avec ces ${pairs(count)}`),
  save: "Enregistrer comme tableau",
  name: "Réponses jugées",
  file: "reponses-jugees.jsonl",
};
