import type { Command } from "commander";
import { columnOf } from "../files/base-model.js";
import { addClassifierOptions, type ClassifierOptions, openClassifier } from "../files/classifier-folder.js";
import { reporterOf } from "../terminal/progress-bar.js";
import type { Session } from "../session.js";
import { refuseFolds } from "../files/inspected-folds.js";
import { newestRun } from "../files/run-folder.js";
import { clip } from "../terminal/table.js";
import { readTexts, type TextOptions } from "../files/text-input.js";

const EXAMPLES = `
Examples:
  lowrank predict "a warm and funny film" "two hours of my life"
  lowrank predict --run runs/reviews --file new.csv --text body --json > labels.jsonl
  cat lines.txt | lowrank predict
`;

interface PredictOptions extends ClassifierOptions, TextOptions {
  readonly json: boolean;
}

/** `lowrank predict`: labels of texts. */
export function definePredict(program: Command, session: Session): void {
  const command = program
    .command("predict")
    .description("label texts: arguments, a file, or standard input")
    .argument("[texts...]", "texts to label")
    .option("--file <file>", "texts, a line each; or a table: CSV, TSV, JSONL, JSON or Parquet")
    .option("--text <column>", "column of the texts in a table (default: the run's)");
  addClassifierOptions(command)
    .option("--json", "print an object a line, with the probability of every label", false)
    .addHelpText("after", EXAMPLES)
    .action((texts: string[], options: PredictOptions) => predict(texts, options, session));
}

async function predict(args: readonly string[], options: PredictOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  if (options.run !== undefined) refuseFolds(options.run);
  const known = () => columnOf(options.run ?? newestRun());
  const texts = await readTexts(args, options, known, session);
  const { classifier } = await openClassifier(options, session);
  try {
    const bar = reporterOf(terminal).texts("predict", texts.length);
    const predictions = await classifier
      .predict(texts, { signal, onProgress: (done) => bar.update(done) })
      .finally(() => bar.stop());
    const width = Math.max(...classifier.labels.map((label) => label.length));
    const { bold, dim } = terminal.colors;
    for (const prediction of predictions) {
      if (options.json) {
        terminal.print(JSON.stringify(prediction));
        continue;
      }
      const { label, probability, text } = prediction;
      terminal.print(
        `${bold(label.padEnd(width))}  ${dim(probability.toFixed(2))}  ${clip(text, Math.max(20, terminal.width - width - 8))}`,
      );
    }
  } finally {
    classifier.encoder.dispose();
  }
}
