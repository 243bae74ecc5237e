import { ConfigError } from "../../errors/errors.js";
import type { TokenSpan } from "../../tasks/tokens/token-spans.js";
import { type ClassifierOptions, openTokenClassifier } from "../files/classifier-folder.js";
import type { Session } from "../session.js";
import { reporterOf } from "../terminal/progress-bar.js";

/** Prints the entities of texts: a line each below its text, or an object a text. */
export async function predictTokens(
  texts: readonly string[],
  { json, out, ...options }: ClassifierOptions & { readonly json: boolean; readonly out?: string },
  session: Session,
): Promise<void> {
  const { terminal, signal } = session;
  if (out !== undefined)
    throw new ConfigError("--out writes a label a row, and this run labels words: take --json, an object a text", {
      ...{ option: "--out", value: out },
    });
  const { classifier } = await openTokenClassifier(options, session);
  const bar = reporterOf(terminal).texts("predict", texts.length);
  try {
    const found = await classifier
      .predict(texts, { signal, onProgress: (done) => bar.update(done) })
      .finally(() => bar.stop());
    found.forEach((entities, i) => {
      const text = texts[i]!;
      if (json) terminal.print(JSON.stringify({ text, entities }));
      else for (const line of [text, ...entities.map((one) => entityLine(one, session))]) terminal.print(line);
    });
  } finally {
    classifier.encoder.dispose();
  }
}

function entityLine({ label, probability, text, start, end }: TokenSpan, { terminal }: Session): string {
  const { bold, dim } = terminal.colors;
  return `  ${bold(label)}  ${dim(probability.toFixed(2))}  ${text}  ${dim(`${start}–${end}`)}`;
}
