import type { chat as en } from "../en/chat.js";
import { fixed, n, some } from "./numbers.js";

/** The chat's texts in French. */
export const chat: typeof en = {
  heading: "Discuter avec un petit modèle de langage",
  intro:
    "Le modèle tourne dans cet onglet, sans compte. Les petits modèles savent peu de choses et se trompent souvent. Entraînez-en un avec une centaine d’exemples, et il répondra comme vous le souhaitez.",
  offered: "SmolLM2, 135 millions de paramètres",
  offeredHint: "98\u00a0Mo, téléchargés une fois et conservés par ce navigateur\u00a0; connaît surtout l’anglais",
  takeOffered: "Ouvrir SmolLM2",
  or: "ou déposez ici un modèle à vous",
  chooseFile: "Choisir un fichier GGUF",
  chooseFolder: "Choisir un dossier",
  kinds:
    "GGUF, ou un dossier avec config.json et safetensors\u00a0: Llama, Qwen, Gemma, SmolLM et d’autres, jusqu’à un milliard de paramètres",
  address: "Ou l’adresse d’un modèle",
  addressGo: "Télécharger",
  addressHint: "un fichier .gguf, ou un dossier comme ceux du hub de Hugging Face",
  keptHeading: "Enregistrés dans ce navigateur",
  forget: (name) => `Supprimer «\u00a0${name}\u00a0» de ce navigateur`,
  fetching: "Téléchargement du modèle…",
  loading: "Chargement du modèle…",
  cancel: "Annuler",
  notOpened: "Le modèle n’a pas pu être ouvert.",
  positions: (count) => `lit jusqu’à ${n(count)} tokens`,
  another: "Un autre modèle",
  turns: "Conversation",
  begin: "Écrivez un message. Il ne quitte pas cet onglet.",
  away: "Le modèle est en cours d’entraînement. Il répondra de nouveau quand ce sera terminé ou en pause.",
  continues: "Ce modèle n’est pas fait pour la conversation. Il continue ce que vous écrivez.",
  // The offered model knows hardly any language but English.
  examples: ["What is a fjord?", "Write a haiku about rain.", "Name three fruits."],
  say: "Votre message",
  send: "Envoyer",
  stop: "Arrêter",
  writing: "Rédaction d’une réponse…",
  stopped: "arrêté",
  cut: "longueur maximale atteinte",
  speed: (tokens) => `${tokens < 10 ? fixed(tokens, 1) : n(Math.round(tokens))} tokens par seconde`,
  notAnswered: "Il n’y a pas de réponse.",
  tooLong:
    "C’est plus que le modèle ne peut lire. Commencez une nouvelle conversation ou écrivez un message plus court.",
  sides: { base: "Sans entraînement", adapted: "Avec l’entraînement", second: "Avec le second entraînement" },
  withAdapter: (name) => `Avec «\u00a0${name}\u00a0»`,
  beside: "Afficher aussi la réponse sans entraînement",
  newConversation: "Nouvelle conversation",
  fields: {
    instructions: "Consignes",
    temperature: "Température",
    maxTokens: "Réponse la plus longue, en tokens",
  },
  fieldHints: {
    instructions: "le modèle les lit avant la conversation",
    temperature: "0 donne toujours la même réponse\u00a0; environ 0,7 en donne de différentes",
    maxTokens: "un token fait environ trois quarts d’un mot",
  },
  instructionsExample: "Answer in a few words.",
  adapterHeading: "Entraînement",
  noAdapter:
    "Un entraînement donne un petit fichier, appelé adaptateur, qui change la façon dont le modèle répond. Faites-en un plus bas, ou chargez-en un de PEFT ou de lowrank.",
  pickAdapter: "Charger un adaptateur",
  otherAdapter: "Charger un autre adaptateur",
  removeAdapter: "Retirer l’adaptateur",
  useTrained: (name) => `Utiliser l’entraînement sur «\u00a0${name}\u00a0»`,
  compareWith: (name) => `Comparer avec «\u00a0${name}\u00a0»`,
  forgetAdapter: (name) => `Supprimer l’entraînement sur «\u00a0${name}\u00a0»`,
  compared: "Comparé avec",
  pickSecond: "En charger un second pour comparer",
  endComparing: "Ne plus comparer",
  adapterRefused: "Ce n’est pas un adaptateur pour ce modèle.",
  teachHeading: "L’entraîner",
  teachHint:
    "Il vous faut des questions avec les réponses souhaitées\u00a0: un tableau à deux colonnes, ou des conversations en JSON Lines. Commencez avec une cinquantaine. Le modèle apprend comment répondre, pas ce qui est vrai. Vous pouvez aussi apporter des paires de réponses dont l’une est meilleure (colonnes prompt, chosen et rejected)\u00a0: le modèle apprend à préférer ces réponses. Ou des textes, dans un tableau à une colonne ou un fichier de paragraphes\u00a0: le modèle apprend à continuer de tels textes.",
  better: "Meilleure\u00a0:",
  worse: "Moins bonne\u00a0:",
  chooseConversations: "Choisir un fichier d’exemples",
  found: (count, name) => `${some(count, "exemple", "exemples")} dans «\u00a0${name}\u00a0». Le premier\u00a0:`,
  tooFew:
    "Il y en a trop peu pour en mettre de côté. Le modèle est entraîné sur tous, et le résultat n’est pas mesuré.",
  quick: "Essai rapide\u00a0: 20 étapes, une ou deux minutes",
  normal: (steps, passes) => `Conseillé\u00a0: au plus ${n(steps)} étapes, environ ${passes} passages sur les exemples`,
  steps: "Étapes",
  stepsAsAbove: "comme choisi ci-dessus",
  teach: "Lancer l’entraînement",
  phases: {
    tokenize: "Lecture des exemples",
    "encode-validation": "Mesure avant l’entraînement, pour comparer",
    train: "Entraînement",
    validate: "Vérification sur les exemples mis de côté",
  },
  trained: (name) => `Entraîné sur «\u00a0${name}\u00a0».`,
  preferred: (after, before) =>
    `L’entraînement est utile\u00a0: sur les exemples mis de côté, la meilleure réponse a la récompense la plus haute dans ${after} des cas (sans entraînement\u00a0: ${before}).`,
  notPreferred: (after, before) =>
    `L’entraînement n’a rien apporté\u00a0: sur les exemples mis de côté, la meilleure réponse a la récompense la plus haute dans ${after} des cas (sans entraînement\u00a0: ${before}). Davantage d’exemples ou un entraînement plus long peuvent aider.`,
  probable: (before, after) =>
    `La récompense d’une réponse dit combien l’entraînement l’a rendue plus probable. Avant, toutes sont égales, ce qui compte pour moitié. La meilleure réponse est la plus probable dans ${after} des exemples\u00a0; avant l’entraînement, elle l’était dans ${before}.`,
  likelier: (times) =>
    `Sur les exemples mis de côté, la probabilité du bon mot suivant est maintenant environ ${times} fois ce qu’elle était avant l’entraînement.`,
  notLikelier:
    "L’entraînement n’a rien apporté\u00a0: sur les exemples mis de côté, le bon mot suivant n’est pas plus probable qu’avant.",
  perplexity: (before, after) => `Perplexité\u00a0: ${before} avant l’entraînement, ${after} après.`,
  perplexityHint:
    "La perplexité dit à quel point le modèle hésite sur chaque mot suivant. Plus elle est basse, mieux c’est\u00a0; 1 veut dire aucune hésitation.",
  fewMeasured: (count) =>
    `Mesuré sur ${some(count, "exemple", "exemples")}\u00a0: avec si peu, la mesure n’est qu’approximative.`,
  takeAdapter: "Enregistrer l’adaptateur",
  serve: "Le servir à d’autres programmes",
  serveHint: "Décompressez le fichier zip dans un dossier nommé «\u00a0adapter\u00a0», et lancez ceci à côté.",
};
