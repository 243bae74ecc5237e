import type { headline as en } from "../en/headline.js";

export const headline: typeof en = {
  classify: (right, guess) =>
    `${right} textes reçoivent la bonne étiquette. En donnant toujours l’étiquette la plus fréquente\u00a0: ${guess}.`,
  labels: (right, guess) =>
    `${right} textes reçoivent exactement leurs étiquettes. En donnant toujours les plus fréquentes\u00a0: ${guess}.`,
  numbers: (error, guess) =>
    `Le nombre prédit s’écarte de ${error} en moyenne. En donnant toujours la moyenne\u00a0: ${guess}.`,
  words: (found, right) =>
    `${found} de ce qui est marqué dans vos textes est retrouvé, et ${right} de ce que marque le modèle est juste.`,
  of: (count, all) => `${count} sur ${all}`,
  verdict: {
    heads: {
      better: "Le modèle entraîné est meilleur.",
      rare: "Le modèle entraîné est meilleur pour les étiquettes rares.",
      equal: "À peu près égaux.",
      simple: "Le modèle simple est meilleur.",
      guess: "Pas mieux qu’en devinant.",
      worse: "Moins bien qu’en devinant.",
      alone: "Mieux qu’en devinant.",
    },
    measured: {
      classify: (share) => `${share} textes justes`,
      "multi-label": (share) => `${share} textes tout à fait justes`,
      regress: (error) => `écart moyen de ${error}`,
      tokens: (share) => `F1 ${share}`,
    },
    better: (adapted, simple) =>
      `Modèle entraîné\u00a0: ${adapted}\u00a0; modèle simple\u00a0: ${simple}. La différence ne tient probablement pas au hasard.`,
    rare: (adapted, simple, points) =>
      `Modèle entraîné\u00a0: ${adapted}\u00a0; modèle simple\u00a0: ${simple}. En moyenne sur les étiquettes (macro F1), le modèle entraîné a ${points} points de pourcentage de plus, ce qui ne tient pas au hasard.`,
    equal: (adapted, simple) =>
      `Modèle entraîné\u00a0: ${adapted}\u00a0; modèle simple\u00a0: ${simple}. La différence peut tenir au hasard. Utilisez le modèle simple\u00a0: il est plus petit.`,
    simple: (simple, adapted) =>
      `Modèle simple\u00a0: ${simple}\u00a0; modèle entraîné\u00a0: ${adapted}. Utilisez le modèle simple\u00a0: l’entraînement complet n’apporte rien ici.`,
    guess: (best, guess) =>
      `Le modèle\u00a0: ${best}\u00a0; en devinant\u00a0: ${guess}. Ne l’utilisez pas encore. Des lignes plus nombreuses, ou plus claires, peuvent aider.`,
    alone: (adapted, guess) => `Modèle entraîné\u00a0: ${adapted}\u00a0; en devinant\u00a0: ${guess}.`,
    below: "Le modèle entraîné fait même moins bien qu’en devinant.",
  },
  rounds: (results) => `Vos entraînements avec ce tableau\u00a0: ${results.join(" → ")}`,
  errors: (results) =>
    `Erreur moyenne de vos entraînements avec ce tableau, la plus petite est la meilleure\u00a0: ${results.join(" → ")}`,
  toDoubts: "Ensuite\u00a0: vérifiez les étiquettes peut-être fausses",
  toMistakes: "Ensuite\u00a0: lisez les erreurs",
  toTake: "Ensuite\u00a0: utilisez le modèle",
  details: "Détails",
  unchanged: "Aucun changement depuis cet entraînement.",
  foreign:
    "Vos textes ne sont pas tous en anglais. Avec le modèle multilingue, à choisir sous «\u00a0Données\u00a0», davantage recevront très probablement la bonne étiquette.",
  manyDoubts: (share) =>
    `Le modèle simple n’est pas d’accord avec ${share} des lignes. Quand elles sont si nombreuses, c’est le plus souvent le modèle qui se trompe\u00a0: ne changez une étiquette qu’après avoir lu le texte.`,
};
