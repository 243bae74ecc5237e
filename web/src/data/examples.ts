/** Training data for a language model, as JSON Lines that a run reads. */
export interface Conversations {
  readonly name: string;
  readonly task: "chat" | "text" | "preferences";
  readonly rows: readonly object[];
  /** The first example, shown so that the user can check that the file was read correctly. A plain text has no answer. */
  readonly first: { readonly said: string; readonly answer: string; readonly rejected?: string };
}

/** Fewest different examples of which some are set aside to measure the result. */
const FEWEST = 10;

/** Whether there are enough examples to set some aside. Those with the same prompt stay together. */
export function areEnough(rows: readonly object[]): boolean {
  const different = new Set<string>();
  for (const row of rows)
    if (different.add(JSON.stringify("prompt" in row ? row.prompt : row)).size >= FEWEST) return true;
  return false;
}
