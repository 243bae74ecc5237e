import { ConfigError } from "../../../errors/errors.js";
import { rowsOf } from "../read.js";
import type { ExampleFormat } from "../example.js";
import { checkWord, type LocatedTokens, nameOf, type TokenReading } from "./located-tokens.js";

/**
 * Sentences of a table with one word per row: columns `sentence`, `tokens` and `tags`. A sentence begins where its column changes; an empty
 * value continues the sentence. Throws as `rowsOf`, and `FormatError` for a row without word or tag.
 */
export async function readWordTable(
  bytes: Uint8Array,
  format: ExampleFormat,
  { file, fields, onWarning, tagged }: Required<TokenReading>,
): Promise<LocatedTokens[]> {
  const names = ["sentence", "tokens", ...(tagged ? (["tags"] as const) : [])] as const;
  const wanted = names.map((field) => nameOf(fields, field));
  const rows = await rowsOf(bytes, wanted, { text: wanted[1]!, format, header: true, file, onWarning }).catch(
    (error: unknown) => {
      if (!(error instanceof ConfigError) || error.details["column"] === undefined) throw error;
      // Other options name these columns than those of labelled texts.
      throw new ConfigError(error.message, { ...error.details, fields: names.slice(1) }, { cause: error });
    },
  );
  const found: { words: string[]; labels: (string | null)[]; line: number }[] = [];
  let current: string | null = null;
  for (const { line, fields: cells } of rows) {
    const [sentence, word, tag = null] = cells as [string, string, string | undefined];
    checkWord(file, line, word, tag);
    if (current === null || (sentence.trim() !== "" && sentence !== current)) {
      found.push({ words: [], labels: [], line });
      current = sentence;
    }
    const { words, labels } = found.at(-1)!;
    words.push(word);
    labels.push(tag?.trim() ?? null);
  }
  return found.map(({ words, labels, line }) => ({ line, example: { words, labels } }));
}
