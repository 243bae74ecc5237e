import type { forReading as en } from "../en/reading.js";
import { isOne, n, some } from "./numbers.js";

const rows = (count: number) => some(count, "ligne", "lignes");
const quoted = (text: string) => `«\u00a0${text}\u00a0»`;

export const forReading: typeof en = {
  sheet: (name) => `feuille ${quoted(name)}`,
  sheetLabel: "Feuille",
  hidden: (name) => `${name} (masquée)`,
  namesIn: "Noms des colonnes",
  namesRow: (row, text) => `ligne ${n(row)}\u00a0: ${text}`,
  noNames: "aucun\u00a0; les colonnes sont numérotées",
  skipped: (count) => `${rows(count)} au-dessus des noms des colonnes ${isOne(count) ? "ignorée" : "ignorées"}`,
  skippedWithoutNames: (count) => `${rows(count)} au-dessus du tableau ${isOne(count) ? "ignorée" : "ignorées"}`,
  skippedWhy:
    "Les lignes ignorées sont des titres\u00a0: elles remplissent moins de colonnes que les noms des colonnes en dessous, ou sont suivies d’une ligne vide. Si elles font partie du tableau, choisissez une autre ligne.",
  below: (count) => `${rows(count)} sous le tableau ${isOne(count) ? "ignorée" : "ignorées"}`,
  belowLabel: "Lignes sous le tableau",
  belowSkipped: (first) => (first === "" ? "ignorées" : `ignorées, à partir de la ${first}`),
  belowRows: "lignes du tableau",
  belowWhy:
    "Les lignes sous le tableau sont des totaux, ou des notes qui remplissent au plus la moitié des colonnes de ses lignes. Si elles font partie du tableau, choisissez «\u00a0lignes du tableau\u00a0».",
  passedOver: (name) =>
    `${quoted(name)} est la première feuille visible qui contient un grand tableau de textes. Les feuilles précédentes en ont moins, ou aucun.`,
  filled: (count) =>
    isOne(count) ? "cellule fusionnée répétée sur 1 ligne" : `cellules fusionnées répétées sur ${rows(count)}`,
  unsolved: (count) => `${some(count, "formule", "formules")} sans résultat`,
  unsolvedWhy:
    "Une formule dont le résultat n’est pas enregistré donne ici une cellule vide. Ouvrez le classeur dans un tableur, enregistrez-le, puis choisissez-le de nouveau.",
  joinTexts: "Joindre des colonnes",
  joinedTexts: (count) => `${n(count)} colonnes de textes jointes`,
  joinHint: (first) =>
    `Chaque texte se compose de ${first} et de ces colonnes, dans cet ordre, chacune sur sa propre ligne. Les champs vides sont omis.`,
  nthText: (place) => `Colonne ${n(place)}`,
  noColumn: "aucune",
  misspelt: (wrong, wrongCount, right, rightCount) =>
    `${quoted(wrong)} (${rows(wrongCount)}) est peut-être une faute de frappe pour ${quoted(right)} (${rows(rightCount)}).`,
  backTo: (name) => `Revenir à ${quoted(name)}`,
  discarded: "Vos modifications des lignes ont été abandonnées.",
  undone: "La dernière modification est annulée.",
};
