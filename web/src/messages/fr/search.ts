import { isOne, n, some } from "./numbers.js";
import type { search as en } from "../en/search.js";

const texts = (count: number) => some(count, "texte", "textes");
const rows = (count: number) => some(count, "ligne", "lignes");

/** The texts in French of the page that searches. */
export const search: typeof en = {
  heading: "Chercher par le sens",
  intro:
    "Il vous faut des questions avec leurs réponses, ou une liste de textes. La recherche trouve les textes qui veulent dire la même chose que votre demande, même sans mot en commun.",
  drop: "Déposez un tableau ou une liste ici, ou choisissez un fichier",
  formats: "CSV, TSV, JSON Lines ou Excel (.xlsx)\u00a0; ou un fichier texte avec un texte par ligne",
  pasteHint:
    "Collez un texte par ligne, ou des cellules de votre tableur avec une colonne de questions et une colonne de réponses.",
  pasteLabel: "Textes, ou questions et réponses",
  sample: "Essayer l’exemple",
  sampleHint: "457 questions de culture générale et leurs réponses (en anglais)",
  sampleName: "Culture générale",
  shapeCaption: "À quoi ressemble un tableau",
  shapeQuestion: "question",
  shapeAnswer: "réponse",
  shape: [
    ["Où est mon colis\u00a0?", "Son numéro figure dans le courriel que nous avons envoyé."],
    ["Comment payer sur facture\u00a0?", "Choisissez «\u00a0facture\u00a0» à la dernière page de la commande."],
  ],
  facts: texts,
  pairs: (count) => some(count, "paire", "paires"),
  repeated: (count) => `${rows(count)} en double, ${isOne(count) ? "utilisée" : "utilisées"} une seule fois`,
  incomplete: (count) => `${rows(count)} avec une cellule vide`,
  textColumn: "Textes où chercher",
  questionColumn: "Questions auxquelles ils répondent",
  noQuestions: "aucune\u00a0: une liste de textes",
  another: "Utiliser d’autres textes",
  tooMany: (count, most) =>
    `Il y a ${n(count)} textes différents, et cette page en parcourt au plus ${n(most)}. Utilisez une partie de la liste, ou la commande «\u00a0lowrank index\u00a0», qui en accepte un million.`,
  noTexts: "Cette colonne ne contient pas de textes. Choisissez-en une autre.",
  chooseModel: "Vous pourrez chercher dès qu’un modèle aura lu vos textes\u00a0: le multilingue ou l’anglais.",
  useEnglish: (size) => `Les lire avec le modèle anglais (${size})`,
  recognising: "Reconnaissance de la langue de vos textes",
  indexing: "Lecture des textes pour la recherche",
  stop: "Arrêter",
  stopped: "Les textes n’ont pas été lus jusqu’au bout\u00a0: la recherche n’est pas possible.",
  again: "Les relire",
  notIndexed: "Les textes n’ont pas pu être lus pour la recherche.",
  query: "Que cherchez-vous\u00a0?",
  placeholder: "Une question ou quelques mots",
  search: "Chercher",
  searching: "Recherche…",
  notSearched: "La recherche a échoué.",
  examples: "Questions de votre tableau",
  results: (query) => `Les meilleurs textes pour «\u00a0${query}\u00a0»`,
  base: "Sans entraînement",
  score: (value) => `ressemblance ${value}`,
  scoreHint:
    "La ressemblance (cosinus) vaut 1 pour des textes de même sens et presque 0 pour des textes sans rapport. Elle sert seulement à classer les textes d’une même demande.",
  right: "la réponse de votre tableau",
  rightAt: (place) => `La réponse de votre tableau est en position ${n(place)}.`,
  rightBeyond: (ranked) => `La réponse de votre tableau n’est pas parmi les ${n(ranked)} premières.`,

  adapted: "Après l’entraînement",
  baseOf: "Avant l’entraînement",
  heldOut: "Questions qui n’ont pas servi à l’entraînement",
  trainHeading: "Entraîner la recherche",
  trainIntro:
    "Le modèle apprend de vos paires quels textes répondent à quelles questions. Une question sur cinq est mise de côté pour le vérifier à la fin.",
  tooFew: (count, least) =>
    count === 0
      ? `L’entraînement demande des paires\u00a0: une colonne de questions, ou des résultats que vous jugez bons. Il faut au moins ${n(least)} questions différentes.`
      : `L’entraînement demande au moins ${n(least)} questions différentes avec une réponse\u00a0; il y en a ${n(count)}. Ajoutez des lignes, ou jugez des résultats.`,
  oneAnswer: "Toutes les questions ont la même réponse\u00a0: il n’y a rien à distinguer.",
  efforts: {
    quick: "Essai rapide\u00a0: 30 étapes, pour voir si cela fonctionne",
    normal: "Conseillé\u00a0: au moins 100 étapes",
  },
  start: "Lancer l’entraînement",
  phases: {
    tokenize: "Lecture des paires",
    "encode-validation": "Recherche avant l’entraînement, pour comparer",
    train: "Entraînement",
    validate: "Vérification avec les questions mises de côté",
  },
  trainedOn: (name) => `Entraîné sur «\u00a0${name}\u00a0».`,
  otherModel:
    "Le modèle entraîné n’est pas celui qui lit les textes maintenant\u00a0; la recherche ne l’utilise donc pas. Relancez l’entraînement ou choisissez l’autre modèle.",
  adding: "Lecture des textes avec le modèle entraîné",
  forget: "Supprimer le modèle entraîné",
  trainAgain: "Entraîner de nouveau",
  measured: (questions, documents) =>
    `Mesuré une seule fois, avec ${some(questions, "question qui n’a pas servi", "questions qui n’ont pas servi")} à l’entraînement, en cherchant parmi ${texts(documents)}.`,
  few: "Avec si peu de questions, la mesure reste approximative.",
  words: "Mots (BM25)",
  wordsHint: "BM25 est la recherche habituelle, qui compare les mots de la question à ceux de chaque texte.",
  before: "Avant",
  after: "Après",
  metric: "Mesure",
  metrics: {
    "ndcg@10": ["NDCG@10", "1 si les bons textes sont en tête, moins quand ils sont plus bas"],
    "mrr@10": ["MRR@10", "moyenne de 1 / rang du premier bon texte"],
    "recall@1": ["Recall@1", "part des bons textes en première position"],
    "recall@10": ["Recall@10", "part des bons textes parmi les dix premiers"],
  },
  firstFive: (after, before, questions) =>
    `Pour ${n(after)} ${isOne(questions) ? "question" : "questions"} sur ${n(questions)} qui n’ont pas servi à l’entraînement, le bon texte est parmi les cinq premiers. Avant l’entraînement\u00a0: ${n(before)}.`,
  counting: "Recherche avec les questions mises de côté…",
  advice: {
    better:
      "La différence dépasse le hasard. Ensuite\u00a0: essayez vos propres questions et jugez ce qu’elles trouvent.",
    equal:
      "La différence peut être due au hasard. Ensuite\u00a0: jugez les résultats de vos propres questions et entraînez de nouveau.",
    simple:
      "L’entraînement n’a rien apporté. Cherchez sans lui, ou jugez davantage de résultats et entraînez de nouveau.",
  },
  sinceTraining: (count) =>
    count === 0
      ? "Aucun nouveau jugement depuis le dernier entraînement."
      : `${some(count, "jugement", "jugements")} depuis le dernier entraînement.`,
  enough: "Il y a assez de questions avec un bon texte pour entraîner.",
  missing: (count, least) =>
    `${n(count)} questions sur ${n(least)} ont un bon texte\u00a0: jugez-en d’autres pour pouvoir entraîner.`,
  found: (count) => `${texts(count)} ${isOne(count) ? "trouvé" : "trouvés"}.`,
  project: "Toute la recherche",
  projectHint: "Enregistrée comme projet, elle se rouvre ici avec ses textes, ses jugements et son entraînement.",
  verdicts: {
    better: (before, after) =>
      `L’entraînement est utile\u00a0: NDCG@10 est passé de ${before} à ${after}, plus que le hasard ne l’expliquerait.`,
    equal: (before, after) =>
      `Après l’entraînement, NDCG@10 vaut ${after} au lieu de ${before}. Avec ce nombre de questions, cela peut être dû au hasard.`,
    simple: (before, after) =>
      `L’entraînement n’a rien apporté\u00a0: NDCG@10 valait ${before} avant et vaut ${after} après. Gardez le modèle sans entraînement, ou entraînez avec davantage de paires.`,
  },
  unchanged:
    "Aucune étape de l’entraînement n’a fait mieux que le modèle de départ sur les paires qui servent à choisir l’étape\u00a0: le modèle entraîné est donc le même.",
  wordsBetter: (value) =>
    `Ici, une recherche par mots (BM25) fait mieux, avec ${value}\u00a0: vos questions emploient les mots de leurs réponses.`,
  judgeHint: "Jugez les résultats\u00a0: cette page compte combien sont bons, avant et après l’entraînement.",
  isRight: "Bon",
  isWrong: "Mauvais",
  judgedHeading: "Vos jugements",
  precision: (right, judged) =>
    `${n(right)} ${isOne(right) ? "bon résultat" : "bons résultats"} sur ${n(judged)} ${isOne(judged) ? "jugé" : "jugés"}`,
  precisionHint: (queries) =>
    `Parmi les cinq premiers de ${some(queries, "demande", "demandes")} (précision). Les réponses de votre tableau comptent comme bonnes.`,
  judgedCount: (right, wrong) =>
    `${some(right, "résultat jugé bon", "résultats jugés bons")}, ${some(wrong, "mauvais", "mauvais")}`,
  useJudged:
    "Le prochain entraînement s’en sert\u00a0: les bons résultats donnent des paires de plus, et les paires de votre tableau jugées mauvaises sont écartées.",
  takePairs: "Enregistrer les bonnes paires (CSV)",
  takeJudged: "Enregistrer tous les jugements (CSV)",
  forgetJudged: "Supprimer les jugements",
  takeHeading: "L’emporter",
  takeHint: (isAdapted) =>
    isAdapted
      ? "Un zip avec le dossier «\u00a0search\u00a0»\u00a0: l’entraînement au format de sentence-transformers, l’index et les textes."
      : "Un zip avec le dossier «\u00a0search\u00a0»\u00a0: l’index du modèle sans entraînement et les textes.",
  take: "Enregistrer la recherche",
  takeBase: "Enregistrer la recherche sans entraînement",
  preparing: "Préparation…",
  use: "L’utiliser ailleurs",
  useHint: "Décompressez le zip. La commande ou le programme se lance à côté du dossier «\u00a0search\u00a0».",
  places: { command: "Ligne de commande", node: "Node", page: "Page web" },
  copy: "Copier",
  copied: "Copié",
};
