import { type Command, Option } from "commander";
import { basename, dirname, resolve } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import type { Prediction } from "../../tasks/prediction.js";
import { columnOf } from "../files/base-model.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  labelsTokens,
  openClassifier,
} from "../files/classifier-folder.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { checkOutFile } from "../files/out-folder.js";
import { delimiterOf, predictedTable } from "../tables/predicted-table.js";
import { newerThan } from "../files/run-folder.js";
import { readTextInput, type TextOptions } from "../tables/text-input.js";
import { readTokenInput } from "../tables/token-input.js";
import { predictTokens } from "./predict-tokens.js";
import type { Session } from "../session.js";
import { formatCount } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { clip } from "../terminal/table.js";

const EXAMPLES = `
Examples:
  lowrank predict "a warm and funny film" "two hours of my life"
  lowrank predict --run runs/reviews --file new.csv --text body --out labelled.csv
  lowrank predict --run runs/reviews --file new.csv --text body --json > labels.jsonl
  cat lines.txt | lowrank predict
`;

interface PredictOptions extends ClassifierOptions, TextOptions {
  readonly json: boolean;
  readonly out?: string;
}

/** `lowrank predict`: labels of texts. */
export function definePredict(program: Command, session: Session): void {
  const command = program
    .command("predict")
    .description("predict labels of texts, or of words in them: arguments, a file, or standard input")
    .argument("[texts...]", "texts to label")
    .option(
      "--file <file>",
      "texts, one per line; or a table: CSV, TSV, JSONL, JSON or Parquet; for a token classifier also CoNLL, or words in JSONL (tokens) or a table",
    )
    .option("--text <column>", "column of the texts in a table (default: the run's)")
    .addOption(
      new Option(
        "--out <file>",
        "write a .csv or .tsv table: the columns of a CSV or TSV --file (for other texts: row, text), then predicted and probability",
      ).conflicts("json"),
    );
  addClassifierOptions(command)
    .option(
      "--json",
      'print one object per line, with the probability of every label; empty texts have "empty": true',
      false,
    )
    .addHelpText("after", EXAMPLES)
    .action((texts: string[], options: PredictOptions) => predict(texts, options, session));
}

async function predict(args: readonly string[], options: PredictOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { out } = options;
  const delimiter = out === undefined ? null : delimiterOf(out);
  if (out !== undefined) {
    if (options.file !== undefined && resolve(out) === resolve(options.file))
      throw new ConfigError(`--out ${out} is also the input file: name another file`, { option: "--out", value: out });
    await checkOutFile(out);
  }
  if (options.run !== undefined) refuseFolds(options.run);
  const run = classifierFolder(options);
  const note = () => {
    if (options.run === undefined && run !== options.model) terminal.error(newestNote(run));
  };
  if (labelsTokens(run)) {
    const asked = await readTokenInput(args, options, run, session);
    note();
    return predictTokens(asked, { ...options, run }, session);
  }
  const { texts, table } = await readTextInput(args, options, () => columnOf(run), session, out !== undefined);
  note();
  const { classifier } = await openClassifier({ ...options, run }, session);
  try {
    const bar = reporterOf(terminal).texts("predict", texts.length);
    const predictions = await classifier
      .predict([...texts], { signal, onProgress: (done) => bar.update(done) })
      .finally(() => bar.stop());
    if (out !== undefined && delimiter !== null) {
      const written = new TextEncoder().encode(predictedTable(table, predictions, delimiter));
      await writeFilesAtomically(dirname(out), { [basename(out)]: written });
      terminal.error(
        `${formatCount(texts.length)} ${texts.length === 1 ? "prediction" : "predictions"} written to ${out}`,
      );
    } else if (options.json) for (const prediction of predictions) terminal.print(jsonLine(prediction));
    else for (const line of answerLines(predictions, classifier.labels, session)) terminal.print(line);
  } finally {
    classifier.encoder.dispose();
  }
}

const isEmpty = ({ text }: Prediction) => text.trim() === "";

const jsonLine = (prediction: Prediction) =>
  JSON.stringify(isEmpty(prediction) ? { ...prediction, empty: true } : prediction);

/** One line per text: cut to the width of a terminal, whole elsewhere. */
function answerLines(predictions: readonly Prediction[], labels: readonly string[], { terminal }: Session): string[] {
  const { bold, dim } = terminal.colors;
  const width = Math.max(...labels.map((label) => label.length));
  const room = terminal.streams.output.isTTY === true ? Math.max(20, terminal.width - width - 8) : Infinity;
  return predictions.map((prediction) => {
    const { label, probability, text } = prediction;
    const shown = isEmpty(prediction) ? dim("(empty)") : clip(text, room);
    return `${bold(label.padEnd(width))}  ${dim(probability.toFixed(2))}  ${shown}`;
  });
}

/** The note that names the run if the user named none. */
function newestNote(run: string): string {
  const newer = newerThan(run);
  const without = newer === null ? "" : `; ${newer} is newer, but has no finished run`;
  return `using ${run}, the newest finished run under runs/ (choose another with --run FOLDER)${without}`;
}
