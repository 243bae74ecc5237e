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
