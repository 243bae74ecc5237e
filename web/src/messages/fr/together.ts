import type { together as en } from "../en/together.js";
import { kilobytes, n, some } from "./numbers.js";

/** The texts in French of federated rounds. */
export const together: typeof en = {
  heading: "Entraîner à plusieurs",
  intro:
    "Plusieurs personnes entraînent un même modèle, et personne ne montre ses textes. À chaque tour, cet onglet entraîne le modèle sur vos lignes et envoie le résultat, quelques centaines de kilooctets de nombres. Un serveur fait la moyenne de tous les résultats, et le tour suivant commence.",
  invited: "La personne qui gère le serveur vous donne son adresse, ou un lien vers cette page qui la contient.",
  sameModel: (name) => `Tous les participants ont besoin du même modèle\u00a0; ici, c’est ${name}.`,
  server: "Adresse du serveur",
  serverHint: "un chemin de ce site, ou https://…",
  noAddress: "Ce n’est pas une adresse.",
  noTable: "Ouvrez d’abord un tableau pour l’entraînement.",
  otherTask: "Pour s’entraîner à plusieurs, il faut un tableau avec une seule étiquette par texte.",
  noTableHint: "Il vous faut un tableau de textes et d’étiquettes, avec les mêmes étiquettes que les autres.",
  toData: "Aller aux données",
  trainingRows: (count, name) => `L’entraînement utilise ${some(count, "ligne", "lignes")} de «\u00a0${name}\u00a0».`,
  labels: (labels) => `Étiquettes\u00a0: ${labels.join(", ")}`,
  leaves:
    "Ce qui est envoyé vient de l’entraînement sur vos textes et peut en révéler quelque chose. Demandez à la personne qui gère le serveur si du bruit est ajouté pour l’éviter.",
  join: "Rejoindre",
  leave: "Quitter",
  states: {
    model: "Téléchargement du modèle…",
    joining: "Connexion…",
    waiting: "En attente des autres…",
    learning: "Entraînement sur vos lignes…",
    leaving: "Départ…",
  },
  stay: "Gardez cet onglet ouvert. Un tour commence quand assez de personnes ont rejoint le groupe.",
  step: (done, steps) => `étape ${n(done)} sur ${n(steps)}`,
  traffic: (sent, received) => `${sent} envoyés, ${received} reçus`,
  kilobytes,
  rounds: "Tours",
  columns: { round: "Tour", loss: "Perte sur vos lignes", state: "Votre résultat" },
  round: (round, rounds) => `${n(round)} sur ${n(rounds)}`,
  roundNow: (round, rounds) => `tour ${n(round)} sur ${n(rounds)}`,
  parts: { learning: "entraînement", sending: "envoi en cours", taken: "compté", late: "trop tard" },
  over: (taken) =>
    taken === 0
      ? "Vous êtes parti avant la fin du premier tour."
      : `Terminé\u00a0: vos résultats ont compté dans ${some(taken, "tour", "tours")}.`,
  overHint:
    "Le serveur a la moyenne du dernier tour. Ici, vous pouvez utiliser le résultat que cet onglet a obtenu au dernier tour.",
  use: "L’essayer et le télécharger",
  runName: "entraîné à plusieurs",
  failed: "L’entraînement s’est arrêté avant le dernier tour.",
  again: "Rejoindre de nouveau",
};
