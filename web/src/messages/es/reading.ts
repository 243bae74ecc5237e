import type { forReading as en } from "../en/reading.js";
import { isOne, n, some } from "./numbers.js";

const rows = (count: number) => some(count, "fila", "filas");
const quoted = (text: string) => `«${text}»`;

export const forReading: typeof en = {
  sheet: (name) => `hoja ${quoted(name)}`,
  sheetLabel: "Hoja",
  hidden: (name) => `${name} (oculta)`,
  namesIn: "Nombres de las columnas",
  namesRow: (row, text) => `fila ${n(row)}: ${text}`,
  noNames: "ninguno; las columnas se numeran",
  skipped: (count) => `${rows(count)} encima de los nombres de las columnas ${isOne(count) ? "omitida" : "omitidas"}`,
  skippedWithoutNames: (count) => `${rows(count)} encima de la tabla ${isOne(count) ? "omitida" : "omitidas"}`,
  skippedWhy:
    "Las filas omitidas son títulos: ocupan menos columnas que los nombres de las columnas que hay debajo, o las sigue una fila vacía. Si forman parte de la tabla, elija otra fila.",
  below: (count) => `${rows(count)} debajo de la tabla ${isOne(count) ? "omitida" : "omitidas"}`,
  belowLabel: "Filas debajo de la tabla",
  belowSkipped: (first) => (first === "" ? "omitidas" : `omitidas, desde la ${first}`),
  belowRows: "filas de la tabla",
  belowWhy:
    "Las filas debajo de la tabla son totales, o notas que ocupan como mucho la mitad de las columnas de sus filas. Si forman parte de la tabla, elija «filas de la tabla».",
  passedOver: (name) =>
    `${quoted(name)} es la primera hoja visible con una tabla grande de textos. Las hojas anteriores tienen menos o ninguno.`,
  filled: (count) =>
    isOne(count) ? "celda combinada repetida en 1 fila" : `celdas combinadas repetidas en ${rows(count)}`,
  unsolved: (count) => `${some(count, "fórmula", "fórmulas")} sin resultado`,
  unsolvedWhy:
    "Una fórmula cuyo resultado no está guardado es aquí una celda vacía. Abra el libro en una hoja de cálculo, guárdelo y elíjalo de nuevo.",
  joinTexts: "Unir columnas de texto",
  joinedTexts: (count) => `${n(count)} columnas de texto unidas`,
  joinHint: (first) =>
    `Cada texto se compone de ${first} y de estas columnas, en este orden, cada una en su propia línea. Los campos vacíos se omiten.`,
  nthText: (place) => `Columna ${n(place)}`,
  noColumn: "ninguna",
  misspelt: (wrong, wrongCount, right, rightCount) =>
    `${quoted(wrong)} (${rows(wrongCount)}) puede ser una errata de ${quoted(right)} (${rows(rightCount)}).`,
  backTo: (name) => `Volver a ${quoted(name)}`,
  discarded: "Sus cambios en las filas se han descartado.",
  undone: "El último cambio se ha deshecho.",
};
