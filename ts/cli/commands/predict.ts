import { type Command, Option } from "commander";
import { basename, dirname, resolve } from "node:path";
import { isRecord } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import type { TaskName } from "../../tasks/index.js";
import type { PredictedValues } from "../../training/task-definition.js";
import { columnOf } from "../files/base-model.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  definitionOf,
  openClassifier,
  openReranker,
  openTrained,
  otherUse,
  trainedTaskOf,
} from "../files/classifier-folder.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { checkOutFile } from "../files/out-folder.js";
import { delimiterOf, type PredictedColumns, predictedTable } from "../tables/predicted-table.js";
import { newerThan } from "../files/run-folder.js";
import { type PairInput, readPairInput } from "../tables/pair-input.js";
import { readTextInput, type TextOptions } from "../tables/text-input.js";
import { readTokenInput } from "../tables/token-input.js";
import { predictTokens } from "./predict-tokens.js";
import type { Session } from "../session.js";
import { formatCount, formatNumber } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { clip } from "../terminal/table.js";

const EXAMPLES = `
Examples:
  lowrank predict "a warm and funny film" "two hours of my life"
  lowrank predict --run runs/reviews --file new.csv --text body --out labelled.csv
  lowrank predict --run runs/reviews --file new.csv --text body --json > labels.jsonl
  cat lines.txt | lowrank predict
  lowrank predict --run runs/reranker "a query" "a text" "another text"
  lowrank predict --run runs/reranker --file pairs.csv --out scored.csv
`;

interface PredictOptions extends ClassifierOptions, TextOptions {
  readonly json: boolean;
  readonly out?: string;
}

/** `lowrank predict`: labels of texts. */
export function definePredict(program: Command, session: Session): void {
  const command = program
    .command("predict")
    .description(
      "predict labels of texts or of words in them, numbers, or scores of texts for a query, by a run: texts are arguments, a file, or standard input",
    )
    .argument("[texts...]", "texts to label; for a reranker a query, then texts")
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
      'print one object per line, with the probability of every label; empty texts have "empty": true, those of a run with --abstain "unsure"',
      false,
    )
    .addHelpText("after", EXAMPLES)
    .action((texts: string[], options: PredictOptions) => predict(texts, options, session));
}

async function predict(args: readonly string[], options: PredictOptions, session: Session): Promise<void> {
  const { terminal } = session;
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
  const task = trainedTaskOf(run);
  if ((await definitionOf(task)).usedBy !== undefined) throw await otherUse(task, run);
  if (task === "tokens") {
    const asked = await readTokenInput(args, options, run, session);
    note();
    return predictTokens(asked, { ...options, run }, session);
  }
  const pairs = task === "rank" ? await readPairInput(args, options, run, session, out !== undefined) : null;
  const { texts, table } =
    pairs ?? (await readTextInput(args, options, () => columnOf(run), session, out !== undefined));
  note();
  const predicted =
    pairs !== null
      ? await predictPairs(pairs, { ...options, run }, session)
      : await (task === "classify" ? predictLabels : predictTask(task))(texts, { ...options, run }, session);
  if (out !== undefined && delimiter !== null) {
    const written = new TextEncoder().encode(predictedTable(table, texts, predicted.columns, delimiter));
    await writeFilesAtomically(dirname(out), { [basename(out)]: written });
    terminal.error(
      `${formatCount(texts.length)} ${texts.length === 1 ? "prediction" : "predictions"} written to ${out}`,
    );
  } else if (options.json)
    predicted.objects.forEach((object, i) =>
      terminal.print(JSON.stringify(isEmpty(texts[i]!) ? { ...object, empty: true } : object)),
    );
  else for (const line of answerLines(texts, predicted, session)) terminal.print(line);
}

/** What was predicted of each text. */
interface Predicted {
  readonly columns: PredictedColumns;
  /** For `--json`. */
  readonly objects: readonly object[];
  /** What stands before a text in the terminal: what is printed bold, and what dim. */
  readonly shown: readonly (readonly [bold: string, dim: string])[];
}

type Asked = ClassifierOptions & { readonly run: string };

/** Labels of texts. */
async function predictLabels(texts: readonly string[], options: Asked, session: Session): Promise<Predicted> {
  const { classifier } = await openClassifier(options, session);
  try {
    const found = await withBar(texts, session, (events) => classifier.predict([...texts], events));
    const abstains = found.some(({ unsure }) => unsure !== undefined);
    const width = Math.max(...classifier.labels.map((label) => label.length));
    return {
      columns: {
        names: ["predicted", "probability", ...(abstains ? ["unsure"] : [])],
        rows: found.map(({ label, probability, unsure }) => [
          label,
          probability.toFixed(4),
          ...(abstains ? [unsure === true ? "yes" : "no"] : []),
        ]),
      },
      objects: found,
      shown: found.map(({ label, probability, unsure }) => [
        label.padEnd(width),
        probability.toFixed(2) + (abstains ? (unsure === true ? " unsure" : "       ") : ""),
      ]),
    };
  } finally {
    classifier.encoder.dispose();
  }
}

/** What a run of another task predicts, as its definition says. */
const predictTask =
  (task: TaskName) =>
  async (texts: readonly string[], options: Asked, session: Session): Promise<Predicted> => {
    const { model } = await openTrained(task, options, session);
    try {
      const found = await withBar(texts, session, (events) => model.predict(texts, events));
      return shownAs(
        found,
        texts.map((text) => ({ text })),
      );
    } finally {
      model.encoder.dispose();
    }
  };

/** The scores of pairs of texts, or their classes. */
async function predictPairs({ texts, pairs }: PairInput, options: Asked, session: Session): Promise<Predicted> {
  const { model, encoder } = await openReranker(options.run, options, session);
  try {
    const found = await withBar(texts, session, (events) => model.predictPairs(pairs, events));
    return shownAs(
      found,
      pairs.map(([query, text]) => ({ query, text })),
    );
  } finally {
    encoder.dispose();
  }
}

/** Values of predictions as columns, objects, and lines. */
function shownAs(found: readonly PredictedValues[], given: readonly object[]): Predicted {
  const shown = (value: unknown) => (typeof value === "number" ? formatNumber(value) : textOf(value));
  const cell = (value: unknown) => (typeof value === "number" ? String(Number(value.toPrecision(7))) : textOf(value));
  const names = Object.entries(found[0] ?? {}).flatMap(([name, value]) => (isRecord(value) ? [] : [name]));
  return {
    columns: { names, rows: found.map((row) => names.map((name) => cell(row[name]!))) },
    objects: found.map((row, i) => ({ ...given[i]!, ...row })),
    shown: found.map((row) => [
      shown(row[names[0]!]!),
      names
        .slice(1)
        .map((name) => shown(row[name]!))
        .join(" "),
    ]),
  };
}

/** A list of labels as files have them. */
const textOf = (value: unknown) => (Array.isArray(value) ? value.join(";") : String(value));

function withBar<T>(texts: readonly string[], { terminal, signal }: Session, work: (events: Events) => Promise<T>) {
  const bar = reporterOf(terminal).texts("predict", texts.length);
  return work({ signal, onProgress: (done) => bar.update(done) }).finally(() => bar.stop());
}

interface Events {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

const isEmpty = (text: string) => text.trim() === "";

/** One line per text: cut to the width of a terminal, whole elsewhere. */
function answerLines(texts: readonly string[], { shown }: Predicted, { terminal }: Session): string[] {
  const { bold, dim } = terminal.colors;
  const width = Math.max(...shown.map(([first]) => first.length));
  const room = terminal.streams.output.isTTY === true ? Math.max(20, terminal.width - width - 8) : Infinity;
  return shown.map(([first, rest], i) => {
    const text = isEmpty(texts[i]!) ? dim("(empty)") : clip(texts[i]!, room);
    return [bold(first.padEnd(width)), ...(rest === "" ? [] : [dim(rest)]), text].join("  ");
  });
}

/** The note that names the run if the user named none. */
function newestNote(run: string): string {
  const newer = newerThan(run);
  const without = newer === null ? "" : `; ${newer} is newer, but has no finished run`;
  return `using ${run}, the newest finished run under runs/ (choose another with --run FOLDER)${without}`;
}
