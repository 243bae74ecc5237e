/** Why a file cannot be read; `kind` is a key of the messages. */
export class TableProblem extends Error {
  constructor(
    readonly kind: "empty" | "oneColumn" | "notWorkbook" | "oldWorkbook" | "binary" | "json" | "tooLarge" | "noTable",
    readonly detail: string | number = "",
  ) {
    super(`${kind} ${detail}`);
  }
}
