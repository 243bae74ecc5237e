import type { card as en } from "../en/card.js";
import { n, some } from "./numbers.js";

export const card: typeof en = {
  heading: "Ce que ce modèle sait faire, et ce qu’il ne sait pas faire",
  hint: "Le fichier zip contient ces phrases dans README.md, la «\u00a0model card\u00a0» du hub de Hugging Face.",
  intro: (base) =>
    `Un adaptateur pour ${base}, entraîné dans un navigateur avec lowrank. Il se charge avec PEFT en Python et avec lowrank en JavaScript.`,
  simpleIntro: (base) =>
    `Un modèle simple sur ${base}, entraîné dans un navigateur avec lowrank\u00a0: une petite couche sur le modèle inchangé. lowrank le charge en JavaScript.`,
  adapted: "Modèle entraîné\u00a0:",
  dataHeading: "Données",
  resultHeading: "Résultat",
  limitsHeading: "Limites",
  rows: (count, name) => `${some(count, "texte", "textes")} de «\u00a0${name}\u00a0».`,
  labels: (count, listed) => `${some(count, "étiquette", "étiquettes")}\u00a0: ${listed}.`,
  split: (trained, tested, chosen) =>
    `Entraîné sur ${some(trained, "texte", "textes")}\u00a0; ${n(tested)} ont été mis de côté pour le test${chosen === 0 ? "" : `, et ${n(chosen)} pour choisir la meilleure étape`}.`,
  unknownData: "Le modèle a été chargé depuis un fichier\u00a0: ses données ne sont pas connues ici.",
  measured: (count) => `Mesuré une seule fois, sur ${some(count, "texte", "textes")} non utilisés pour l’entraînement.`,
  unknownResult: "Il n’y a pas de résultat de test ici.",
  few: (count) => `Un test sur ${some(count, "texte", "textes")} ne donne qu’une mesure grossière.`,
  alike:
    "Le résultat vaut pour des textes comme ceux-ci. Sur des textes d’une autre source ou d’une autre époque, il peut être moins bon\u00a0: testez d’abord le modèle sur eux.",
  length: (tokens) =>
    `Il lit les ${n(tokens)} premiers tokens d’un texte, environ ${n(Math.round((tokens * 3) / 4))} mots. Le reste est coupé.`,
  always: {
    classify: ["Il donne à chaque texte une de ces étiquettes, même si aucune ne convient."],
    "multi-label": ["Il ne connaît que ces étiquettes. Un texte peut n’en recevoir aucune."],
    regress: ["Il prédit un nombre pour chaque texte, même sans rapport avec les données."],
    tokens: ["Il ne marque que ces sortes de mots, et en oublie."],
  },
  english:
    "Le modèle de langage a été entraîné surtout sur des textes anglais. Dans d’autres langues, les réponses sont moins bonnes.",
  people:
    "Il reprend les erreurs et les habitudes des personnes qui ont posé les étiquettes. Ne le laissez pas décider seul au sujet de personnes.",
};
