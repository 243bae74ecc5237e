import type { downloads as en } from "../en/downloads.js";
import { n } from "./numbers.js";

const listed = (labels: readonly string[]) => labels.slice(0, 12).join(", ") + (labels.length > 12 ? "…" : "");

/** The texts in French of the step with the downloads. */
export const downloads: typeof en = {
  heading: "Télécharger",
  nothing: "Il n’y a pas encore de modèle entraîné.",
  nothingHint: "Entraînez-en un, ou chargez-en un que vous avez enregistré.",
  adapter: "Modèle entraîné",
  adapterHint:
    "Un fichier zip avec ce que l’entraînement a ajouté au modèle (au format de PEFT, une bibliothèque Python), le rapport et une «\u00a0model card\u00a0».",
  head: "Modèle simple",
  headHint:
    "Un fichier zip avec une seule petite couche, pour le modèle de langage tel quel. Il est plus petit, et il suffit si l’entraînement complet n’apporte rien.",
  recommended: "Le test le recommande.",
  report: "Rapport",
  reportHint: "Les réglages, chaque étape et tous les résultats, au format JSON.",
  page: {
    titles: {
      classify: "Une page web qui étiquette des textes",
      "multi-label": "Une page web qui étiquette des textes",
      regress: "Une page web qui prédit des nombres",
      tokens: "Une page web qui marque des mots",
    },
    hint: (size, model) =>
      `Un seul fichier HTML qui contient tout, y compris le modèle. Un double clic suffit pour l’ouvrir, sans réseau. Environ ${size}. Avec\u00a0: ${model}.`,
    intros: {
      classify: (labels) =>
        `Trouve l’étiquette qui convient à chaque ligne, parmi ${n(labels.length)}\u00a0: ${listed(labels)}.`,
      "multi-label": (labels) =>
        `Trouve les étiquettes qui conviennent à chaque ligne, parmi ${n(labels.length)}\u00a0: ${listed(labels)}.`,
      regress: () => "Prédit un nombre pour chaque ligne.",
      tokens: (labels) => `Marque des mots dans chaque ligne\u00a0: ${listed(labels)}.`,
    },
    label: "Un texte, ou plusieurs, un par ligne",
    go: {
      classify: "Trouver les étiquettes",
      "multi-label": "Trouver les étiquettes",
      regress: "Prédire",
      tokens: "Marquer les mots",
    },
    none: "aucune étiquette",
    loading: "Préparation…",
    ready: "Prêt.",
    failed: "Ce navigateur ne peut pas faire fonctionner cette page.",
    licences: "Licences de ce que contient cette page",
    promise: "Tout se passe dans cette page. Elle n’a pas accès au réseau\u00a0: aucun texte n’en sort.",
  },
  project: "Le projet entier",
  projectHint:
    "Le tableau, les réglages, tous les entraînements avec leurs modèles, la recherche, le classement et la discussion, pour continuer ailleurs.",
  save: "Enregistrer",
  preparing: "Préparation…",
  use: "L’utiliser dans un programme",
  useHint: "Décompressez le fichier zip dans un dossier nommé «\u00a0classifier\u00a0».",
  places: { page: "Page web", node: "Node", serve: "Serveur", python: "Python", edge: "Edge" },
  copy: "Copier",
  copied: "Copié.",
  load: "Charger un modèle",
  loadHint: "Un fichier zip enregistré ici, ou ailleurs par lowrank.",
  loadChoose: "Choisir un fichier zip",
  loaded: (name) => `«\u00a0${name}\u00a0» est chargé. Essayez-le sous Résultats.`,
  loadProblem: "Ce fichier zip ne contient pas de classement pour ce modèle.",
  history: "Entraînements",
  historyColumns: {
    name: "Données",
    when: "Date",
    rows: "Lignes",
    head: "Modèle simple",
    result: "Modèle entraîné",
    actions: "Actions",
  },
  statuses: {
    training: "pas terminé",
    paused: "en pause",
    finished: "terminé",
    failed: "interrompu",
    loaded: "chargé",
  },
  elsewhere: "dans un autre onglet",
  open: "Ouvrir",
  shown: "affiché",
  forget: "Supprimer",
  forgetAsk: (name) =>
    `Supprimer l’entraînement sur «\u00a0${name}\u00a0» et le modèle obtenu\u00a0? Cette action est définitive.`,
  noRuns: "Pas encore d’entraînement.",
};
