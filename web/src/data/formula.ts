/** Fields that a spreadsheet would run as formulas, except numbers with a sign. */
export const formula = /^(?![+-][\d., ]+$)[=+\-@\t\r]/;
