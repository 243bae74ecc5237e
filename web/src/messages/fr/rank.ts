import { isOne, n, some } from "./numbers.js";
import type { rank as en } from "../en/rank.js";

const rows = (count: number) => some(count, "ligne", "lignes");
const questions = (count: number) => some(count, "question", "questions");

/** The texts in French of the page that trains a reranker, and of the choice between it and the search. */
export const rank: typeof en = {
  offerHeading: "Des questions avec des textes\u00a0: que voulez-vous entraîner\u00a0?",
  offers: {
    search: "La recherche",
    searchHint:
      "Trouve aussitôt les bons textes parmi des milliers. Il lui faut des questions et les textes qui y répondent.",
    rank: "Le classement",
    rankHint:
      "Lit ensemble une question et un texte et dit s’ils vont bien ensemble\u00a0: plus précis, mais lent, si bien qu’il sert à classer les 20 à 100 premiers résultats d’une recherche. Il lui faut des textes qui conviennent et d’autres qui ne conviennent pas.",
    noLabels: "Ce tableau n’a pas de colonne qui dit si un texte convient.",
    stay: "Ou restez ici\u00a0: seule la colonne des textes est alors utilisée.",
  },

  heading: "Classer des textes selon une question",
  intro:
    "Un modèle de classement (reranker) lit ensemble une question et un texte et dit si le texte convient. Il vous faut des questions, chacune avec des textes qui conviennent et d’autres non.",
  notSearch:
    "Il classe quelques textes, comme les premiers résultats d’une recherche. Pour trouver des textes parmi beaucoup d’autres, utilisez «\u00a0Chercher par le sens\u00a0».",
  drop: "Déposez un tableau ici ou choisissez un fichier",
  oneColumn:
    "Une seule colonne a été trouvée. Il en faut trois\u00a0: les questions, les textes, et dans quelle mesure chaque texte convient.",
  shapeCaption: "À quoi ressemble un tableau",
  shapeColumns: ["question", "texte", "étiquette"],
  shape: [
    ["Où est mon colis\u00a0?", "Le numéro de suivi est dans notre courriel.", "1"],
    ["Où est mon colis\u00a0?", "Nous expédions les colis en semaine.", "0"],
    ["Comment payer sur facture\u00a0?", "Choisissez «\u00a0Facture\u00a0» à la fin de la commande.", "1"],
  ],
  facts: rows,
  ordered: (count) => `${questions(count)} avec des textes qui conviennent et d’autres non`,
  repeated: (count) => `${rows(count)} en double, ${isOne(count) ? "utilisée" : "utilisées"} une seule fois`,
  incomplete: (count) =>
    `${rows(count)} avec un champ vide ou illisible, ${isOne(count) ? "non utilisée" : "non utilisées"}`,
  columns: { question: "Questions", text: "Textes", value: "S’ils conviennent" },
  noColumn: "aucune",
  another: "Utiliser un autre tableau",

  trainHeading: "Entraîner le classement",
  trainIntro: "Une question sur cinq est mise de côté pour vérifier le résultat à la fin.",
  noLabels:
    "Pour l’entraînement, il faut une colonne qui dit si chaque texte convient à sa question\u00a0: 1 ou 0, oui ou non, ou un nombre. Si vous n’avez que les bonnes réponses, entraînez plutôt la recherche.",
  tooFew: (count, least) =>
    `Il faut au moins ${questions(least)} avec des textes qui conviennent et d’autres non\u00a0; il y en a ${n(count)}. Ajoutez des textes qui ne conviennent pas, avec l’étiquette 0.`,
  efforts: {
    quick: "Essai rapide\u00a0: 100 étapes, pour voir si cela fonctionne",
    normal: "Conseillé\u00a0: au moins 100 étapes",
  },
  start: "Lancer l’entraînement",
  steps: "Étapes",
  asAbove: "comme choisi ci-dessus",
  trainAgain: "Entraîner de nouveau",
  trainedOn: (name) => `Entraîné sur «\u00a0${name}\u00a0».`,
  forget: "Supprimer le modèle entraîné",
  phases: {
    tokenize: "Lecture du tableau",
    "encode-validation": "Classement sans entraînement, pour comparer",
    train: "Entraînement",
    validate: "Vérification avec les questions mises de côté",
  },
  base: "Par ressemblance, sans entraînement",
  trained: "Par le modèle entraîné",
  metric: "Mesure",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 si les meilleurs textes sont en tête, moins quand ils sont plus bas"],
    "mrr@10": ["MRR@10", "moyenne de 1 / rang du premier texte qui convient"],
    map: ["MAP", "précision moyenne\u00a0: 1 si tous les textes qui conviennent sont au-dessus des autres"],
  },
  verdicts: {
    better: (before, after) =>
      `L’entraînement est utile\u00a0: NDCG@10 vaut ${after}, contre ${before} par simple ressemblance. C’est plus que le hasard ne l’expliquerait.`,
    equal: (before, after) =>
      `Après l’entraînement, NDCG@10 vaut ${after}, contre ${before} par simple ressemblance. Avec ce nombre de questions, cela peut être dû au hasard.`,
    simple: (before, after) =>
      `L’entraînement n’apporte rien\u00a0: NDCG@10 vaut ${after}, contre ${before} par simple ressemblance. Il faut souvent des milliers de lignes\u00a0: ajoutez-en, entraînez plus longtemps, ou entraînez la recherche.`,
  },
  measured: (count) =>
    `Mesuré une seule fois, avec ${some(count, "question qui n’a pas servi", "questions qui n’ont pas servi")} à l’entraînement.`,
  few: "Avec si peu de questions, la mesure reste approximative.",

  tryHeading: "Essayer",
  offered: "Questions de votre tableau, avec leurs textes",
  question: "Question",
  texts: "Textes, un par ligne",
  order: "Classer",
  ordering: "Classement…",
  notOrdered: "Les textes n’ont pas pu être classés.",
  results: (question) => `Les textes classés pour «\u00a0${question}\u00a0»`,
  scores: {
    base: (value) => `ressemblance ${value}`,
    adapter: (value) => `convient ${value}`,
  },
  scoreHint:
    "La note va de 0 à 1. Elle sert à classer les textes d’une même question\u00a0; les notes de questions différentes se comparent mal.",
  fits: "convient, d’après votre tableau",

  takeHeading: "L’emporter",
  takeHint:
    "Un zip avec le dossier «\u00a0reranker\u00a0»\u00a0: le modèle entraîné, lisible par sentence-transformers et PEFT, et le rapport.",
  take: "Enregistrer le modèle",
  preparing: "Préparation…",
  use: "L’utiliser ailleurs",
  useHint: "Décompressez le zip. La commande ou le programme se lance à côté du dossier «\u00a0reranker\u00a0».",
  places: { command: "Ligne de commande", node: "Node", page: "Page web", python: "Python" },
  copy: "Copier",
  copied: "Copié",
};
