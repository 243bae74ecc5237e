/** Names of columns of questions and of their answers. */
export const asked = /^(prompt|question|instruction|user|input|anchor|query|frage|anweisung|anfrage)s?$/i;
export const answered =
  /^(completion|answer|response|output|assistant|positive|document|passage|reply|antwort|ausgabe|dokument)s?$/i;

/** The first column, other than `not`, whose name matches; -1 if there is none. */
export const named = (columns: readonly string[], pattern: RegExp, not = -1): number =>
  columns.findIndex((column, i) => i !== not && pattern.test(column.trim()));
