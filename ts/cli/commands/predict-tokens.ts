import { ConfigError } from "../../errors/errors.js";
import type { AskedText } from "../../tasks/tokens/asked-texts.js";
import { scoresOf } from "../../tasks/tokens/token-scores.js";
import { together, type TokenSpan, wordsOf } from "../../tasks/tokens/token-spans.js";
import { type ClassifierOptions, openTokenClassifier } from "../files/classifier-folder.js";
import type { Session } from "../session.js";
import { reporterOf } from "../terminal/progress-bar.js";

/** Prints the entities of texts: one per line below the text, or one object per text, which has a label per word for inputs in words. */
export async function predictTokens(
  asked: readonly AskedText[],
  { json, out, ...options }: ClassifierOptions & { readonly json: boolean; readonly out?: string },
  session: Session,
): Promise<void> {
  const { terminal, signal } = session;
  if (out !== undefined)
    throw new ConfigError(
      "--out writes one label per row, but this run is a token classifier: use --json, one object per text",
      {
        option: "--out",
        value: out,
      },
    );
  const { classifier } = await openTokenClassifier(options, session);
  const bar = reporterOf(terminal).texts("predict", asked.length);
  try {
    const { labels, parts, modelAdapter } = classifier;
    const texts = asked.map(({ text }) => text);
    const scores = await scoresOf(parts, texts, modelAdapter ?? undefined, {
      signal,
      onProgress: (done) => bar.update(done),
    }).finally(() => bar.stop());
    asked.forEach((one, i) => {
      const { text, words } = one;
      const found = wordsOf(one, labels, scores[i]!, i);
      const labelled = found.filter((word) => word !== null);
      const entities = together(text, labelled, labels);
      if (json) {
        const own = words?.map(({ start, end }) => text.slice(start, end));
        // Words beyond the maximum length have no label.
        const each = words === null ? {} : { words: own, labels: found.map((word) => word?.label ?? null) };
        terminal.print(JSON.stringify({ text, ...each, entities }));
      } else for (const line of [text, ...entities.map((one) => entityLine(one, session))]) terminal.print(line);
    });
  } finally {
    classifier.encoder.dispose();
  }
}

function entityLine({ label, probability, text, start, end }: TokenSpan, { terminal }: Session): string {
  const { bold, dim } = terminal.colors;
  return `  ${bold(label)}  ${dim(probability.toFixed(2))}  ${text}  ${dim(`${start}–${end}`)}`;
}
