import { some } from "./numbers.js";
import type { forTasks as en } from "../en/tasks.js";

const rows = (count: number) => some(count, "ligne", "lignes");
const labelled = (count: number, labels: number) => `${rows(count)}, ${some(labels, "étiquette", "étiquettes")}`;

/** The texts in French of each task, and of the results for several labels, numbers and words. */
export const forTasks: typeof en = {
  each: {
    classify: {
      name: "Une étiquette par texte",
      column: "Étiquette",
      columns: "Colonne des étiquettes",
      missing: "étiquette",
      same: "la même étiquette",
      different: "des étiquettes différentes",
      given: labelled,
      chart: "Lignes de contrôle justes\u00a0; plus c’est haut, mieux c’est",
      measured: (now, best) => `${now} des lignes de contrôle justes, au mieux ${best}`,
    },
    "multi-label": {
      name: "Plusieurs étiquettes par texte",
      column: "Étiquettes",
      columns: "Colonnes des étiquettes",
      missing: "étiquette",
      same: "les mêmes étiquettes",
      different: "des étiquettes différentes",
      given: labelled,
      chart: "Étiquettes retrouvées sur les lignes de contrôle (F1 micro)\u00a0; plus c’est haut, mieux c’est",
      measured: (now, best) => `F1 ${now} sur les lignes de contrôle, au mieux ${best}`,
    },
    regress: {
      name: "Un nombre par texte",
      column: "Nombre",
      columns: "Colonne des nombres",
      missing: "nombre",
      same: "le même nombre",
      different: "des nombres différents",
      given: (count) => `${rows(count)} avec un nombre`,
      chart: "Ordre des lignes de contrôle (Spearman)\u00a0; plus c’est haut, mieux c’est",
      measured: (now, best) => `Spearman ${now} sur les lignes de contrôle, au mieux ${best}`,
    },
    tokens: {
      name: "Des mots étiquetés dans un texte",
      column: "Mots marqués",
      columns: "Colonne des marques",
      missing: "étiquette",
      same: "les mêmes mots marqués",
      different: "des mots marqués différents",
      given: labelled,
      chart: "Mots retrouvés sur les lignes de contrôle (F1 des entités)\u00a0; plus c’est haut, mieux c’est",
      measured: (now, best) => `F1 ${now} sur les lignes de contrôle, au mieux ${best}`,
    },
  },
  labels: {
    mostFrequent: "Toujours les étiquettes les plus fréquentes",
    mostFrequentHint: "deviner sans lire le texte\u00a0: la combinaison la plus fréquente",
    interval:
      "F1 sur toutes les étiquettes réunies (F1 micro)\u00a0: 100\u00a0% si chaque étiquette est retrouvée et aucune de trop. Marqué sur la barre\u00a0: l’intervalle où il se situe très probablement pour d’autres textes du même genre (95\u00a0%).",
    others: "Autres mesures",
    metrics: { f1Macro: "Moyenne sur les étiquettes", map: "Ordre (mAP)", exactMatch: "Toutes les étiquettes justes" },
    metricHints: {
      f1Macro: "F1 macro\u00a0; les étiquettes rares comptent autant que les fréquentes",
      map: "si les textes qui ont une étiquette viennent avant ceux qui ne l’ont pas\u00a0; sans seuil",
      exactMatch: "part des textes avec exactement leurs étiquettes",
    },
    each: "Chaque étiquette",
    eachChosen:
      "Un texte reçoit une étiquette à partir de son seuil\u00a0: la probabilité qui a donné le meilleur résultat sur les lignes de contrôle.",
    eachAtHalf:
      "Un texte reçoit une étiquette à partir d’une probabilité de 50\u00a0%\u00a0: il y avait trop peu de lignes pour choisir de meilleurs seuils.",
    eachHint:
      "Précision\u00a0: parmi les textes qui ont reçu l’étiquette, la part de ceux qui devaient l’avoir. Rappel\u00a0: parmi les textes qui devaient l’avoir, la part de ceux qui l’ont reçue.",
    eachColumns: ["Étiquette", "Textes", "F1", "Précision", "Rappel", "Seuil", "Erreurs"],
    mistakes: (count, label) => `${some(count, "erreur", "erreurs")} pour «\u00a0${label}\u00a0»`,
    mistakesOf: (label) => `Erreurs pour «\u00a0${label}\u00a0»`,
    missed: "L’étiquette est dans vos données, mais le modèle ne l’a pas trouvée",
    extra: "Le modèle a trouvé l’étiquette, mais elle n’est pas dans vos données",
    none: "Aucune étiquette n’atteint son seuil.",
    found: (labels) => `Étiquettes\u00a0: ${labels}`,
    answerHint: "la probabilité de chaque étiquette prise à part\u00a0; celles qui sont marquées atteignent leur seuil",
    fileHint:
      "Un tableau avec une colonne de textes. Vous le récupérez avec deux colonnes de plus\u00a0: les étiquettes et leurs probabilités.",
    filePredicted: "etiquettes_predites",
    fileProbabilities: "probabilites",
  },
  numbers: {
    compared: "Erreurs des modèles",
    mean: "Toujours la moyenne",
    meanHint: "deviner sans lire le texte",
    metrics: { spearman: "Ordre (Spearman)", rmse: "Erreur (RMSE)", mae: "Erreur moyenne (MAE)", r2: "R²" },
    metricHints: {
      spearman: "1\u00a0: le même ordre que vos nombres, 0\u00a0: aucun rapport",
      rmse: "dans l’unité de vos nombres\u00a0; les grandes erreurs comptent plus",
      mae: "dans l’unité de vos nombres",
      r2: "1\u00a0: aucune erreur, 0\u00a0: pas mieux que la moyenne",
    },
    interval:
      "Sous les nombres du modèle entraîné\u00a0: l’intervalle où chacun se situe très probablement pour d’autres textes du même genre (95\u00a0%).",
    scatter: "Nombres prédits et nombres réels",
    scatterHint:
      "Chaque point est un texte de test. Sur la ligne, la prédiction est juste\u00a0; au-dessus, trop haute.",
    scatterLabel: (count) =>
      `${some(count, "texte", "textes")} sous forme de points\u00a0: à droite le nombre de vos données, en haut le nombre prédit`,
    target: "vos données",
    predicted: "prédiction",
    errors: "Les plus grandes erreurs",
    errorsHint:
      "Les textes de test dont le nombre est le plus mal prédit. Leur nombre dans votre tableau est peut-être faux.",
    said: (target, predicted) => `Dans vos données ${target}, prédiction ${predicted}`,
    file: "Prédire pour tout un fichier",
    fileHint:
      "Un tableau avec une colonne de textes. Vous le récupérez avec une colonne de plus\u00a0: le nombre prédit.",
    filePredicted: "nombre_predit",
    fileDo: (count) => `Prédire pour ${rows(count)}`,
  },
  words: {
    unmark: "aucune étiquette",
    compared: "Mots trouvés par les modèles",
    metrics: { f1: "Trouvés (F1)", precision: "Précision", recall: "Rappel", accuracy: "Mots bien étiquetés" },
    metricHints: {
      f1: "100\u00a0% si chaque nom, lieu, etc. est trouvé en entier avec son étiquette, et aucun de trop",
      precision: "part de ce que le modèle a marqué à juste titre",
      recall: "part retrouvée de ce qui est marqué dans vos données",
      accuracy: "sur tous les mots\u00a0; la plupart n’ont en général pas d’étiquette",
    },
    eachHint:
      "Ce qui est marqué dans les textes de test compte comme trouvé si tous ses mots sont marqués, avec la bonne étiquette.",
    eachColumns: ["Étiquette", "Marqués", "F1", "Précision", "Rappel"],
    none: "Aucun mot n’est marqué.",
    answerHint: "les mots marqués, avec leur étiquette et sa probabilité",
    file: "Marquer les mots de tout un fichier",
    fileHint:
      "Un tableau avec une colonne de textes. Vous le récupérez avec une colonne de plus\u00a0: les étiquettes et les mots qui les portent.",
    filePredicted: "mots_predits",
    fileDo: (count) => `Marquer les mots de ${rows(count)}`,
  },
};
