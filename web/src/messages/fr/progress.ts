import type { progress as en } from "../en/progress.js";
import { n, some } from "./numbers.js";

/** The texts in French of what a training shows while it runs. */
export const progress: typeof en = {
  stages: "Étapes de l’entraînement",
  model: "Chargement du modèle",
  read: "Lecture des textes",
  compare: "Modèle simple, pour comparer",
  train: "Entraînement",
  test: "Vérification",
  final: "Entraînement sur toutes les lignes",
  done: "terminé",
  left: (time) => `Encore ${time} environ`,
  watched: "Textes qui ne servent pas à l’entraînement",
  turned: (right, all, before) =>
    `Justes\u00a0: ${n(right)} sur ${some(all, "texte", "textes")}\u00a0; au début ${n(before)}.`,
  closer: (now, before) => `Écart moyen\u00a0: ${now}\u00a0; au début ${before}.`,
  allRight: "Tous étaient justes dès le début.",
  right: "juste",
  wrong: "pas encore juste",
  changed: (before, now) => `${before} → ${now}`,
  yours: (target) => `dans votre tableau\u00a0: ${target}`,
  finds: (text) => `trouve\u00a0: ${text}`,
  ended: "L’entraînement est terminé.",
  nothing: "rien",
  trained: (results) => `L’entraînement est terminé. Son résultat se trouve sous «\u00a0${results}\u00a0».`,
  device: "Entraîner sur",
  processor: "Processeur",
  graphics: (name) => `Carte graphique (${name})`,
  deviceHint: "si la carte graphique ne répond plus, l’entraînement continue sur le processeur",
  softwareHint:
    "c’est un programme sur le processeur, plus lent que le processeur lui-même\u00a0: pour les tests seulement",
  onGraphics: (name) => `sur la carte graphique\u00a0: ${name}`,
  fellBack: "La carte graphique n’a pas pu être utilisée. L’entraînement se fait sur le processeur.",
};
