import { type Command, Option } from "commander";
import { basename, dirname, resolve } from "node:path";
import { isRecord } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import type { Asked, PredictedSpan, PredictedValues } from "../../training/task-definition.js";
import { columnOf } from "../files/base-model.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  definitionOf,
  openTrained,
  otherUse,
  trainedTaskOf,
} from "../files/classifier-folder.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { checkOutFile } from "../files/out-folder.js";
import {
  delimiterOf,
  type PredictedColumns,
  predictedTable,
  readTextInput,
  type TextInput,
  type TextOptions,
} from "../tables/text-input.js";
import { newerThan } from "../files/run-folder.js";
import { readPairInput } from "../tables/pair-input.js";
import { readTokenInput } from "../tables/token-input.js";
import type { Session } from "../session.js";
import { formatCount, formatNumber } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { clip, type Terminal } from "../terminal/terminal.js";

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
  const task = trainedTaskOf(run);
  const { asks, makes, usedBy } = await definitionOf(task);
  if (usedBy !== undefined) throw await otherUse(task, run);
  if (out !== undefined && asks === "words")
    throw new ConfigError(`--out writes one label per row, but this run is ${makes}: use --json, one object per text`, {
      option: "--out",
      value: out,
    });
  const { asked, texts, table } = await readAsked(asks, args, options, run, session);
  if (options.run === undefined && run !== options.model) terminal.error(newestNote(run));
  const model = await openTrained(task, { ...options, run }, session);
  const bar = reporterOf(terminal).texts("predict", asked.length);
  const onProgress = (done: number) => bar.update(done);
  const found = await model.predict!(asked, { signal, onProgress }).finally(() => {
    bar.stop();
    model.encoder.dispose();
  });
  if (out !== undefined && delimiter !== null) {
    const written = new TextEncoder().encode(predictedTable(table, texts, columnsOf(found), delimiter));
    await writeFilesAtomically(dirname(out), { [basename(out)]: written });
    terminal.error(
      `${formatCount(texts.length)} ${texts.length === 1 ? "prediction" : "predictions"} written to ${out}`,
    );
  } else if (options.json)
    found.forEach((values, i) => {
      const text = texts[i]!;
      const given = asks === "pairs" ? { query: asked[i]![0], text } : { text };
      terminal.print(JSON.stringify({ ...given, ...values, ...(isEmpty(text) && { empty: true }) }));
    });
  else for (const line of (asks === "words" ? entityLines : answerLines)(texts, found, terminal)) terminal.print(line);
}

/** What to ask a model of, and the texts that stand for it in the output. */
interface AskedInput extends TextInput {
  readonly asked: readonly Asked[];
}

/** Reads what a task's models are asked. Throws `ConfigError` if there is nothing. */
async function readAsked(
  asks: "words" | "pairs" | undefined,
  args: readonly string[],
  options: PredictOptions,
  run: string,
  session: Session,
): Promise<AskedInput> {
  const keepsRows = options.out !== undefined;
  if (asks === "pairs") {
    const { pairs, ...input } = await readPairInput(args, options, run, session, keepsRows);
    return { ...input, asked: pairs };
  }
  if (asks === "words") {
    const asked = await readTokenInput(args, options, run, session);
    return { asked, texts: asked.map((one) => (typeof one === "string" ? one : one.join(" "))), table: null };
  }
  const input = await readTextInput(args, options, () => columnOf(run), session, keepsRows);
  return { ...input, asked: input.texts };
}

/** The values that are not objects, by name. */
const valuesOf = (row: PredictedValues) => Object.entries(row).filter(([, value]) => !isRecord(value));

/** Predictions as a table. A label is in the column of predictions: a table of texts may have labels already. */
function columnsOf(found: readonly PredictedValues[]): PredictedColumns {
  const cell = ([name, value]: readonly [string, PredictedValues[string]]) => {
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value !== "number") return textOf(value);
    return name === PROBABILITY ? value.toFixed(4) : String(Number(value.toPrecision(7)));
  };
  const names = valuesOf(found[0] ?? {}).map(([name]) => (name === "label" ? "predicted" : name));
  return { names, rows: found.map((row) => valuesOf(row).map(cell)) };
}

/** Shown with fewer digits than other numbers. */
const PROBABILITY = "probability";

/** A value in a line for people. */
function shown([name, value]: readonly [string, PredictedValues[string]]): string {
  if (typeof value === "boolean") return value ? name : " ".repeat(name.length);
  if (typeof value !== "number") return textOf(value);
  return name === PROBABILITY ? value.toFixed(2) : formatNumber(value);
}

/** A list of labels as files have them. */
const textOf = (value: unknown) => (Array.isArray(value) ? value.join(";") : String(value));

const isEmpty = (text: string) => text.trim() === "";

/** A text for the terminal. */
const textLine = (text: string, { dim }: Terminal["colors"]) => (isEmpty(text) ? dim("(empty)") : text);

/** One line per text: cut to the width of a terminal, whole elsewhere. */
function answerLines(texts: readonly string[], found: readonly PredictedValues[], terminal: Terminal): string[] {
  const { colors, streams, width } = terminal;
  const { bold, dim } = colors;
  const rows = found.map((row) => valuesOf(row).map(shown));
  const widest = Math.max(...rows.map(([first]) => first!.length));
  const room = streams.output.isTTY === true ? Math.max(20, width - widest - 8) : Infinity;
  return rows.map(([first, ...others], i) => {
    const rest = others.join(" ");
    const text = textLine(clip(texts[i]!, room), colors);
    return [bold(first!.padEnd(widest)), ...(rest === "" ? [] : [dim(rest)]), text].join("  ");
  });
}

/** Each text, and below it a line for each of its entities. */
function entityLines(texts: readonly string[], found: readonly PredictedValues[], { colors }: Terminal): string[] {
  const { bold, dim } = colors;
  const lineOf = ({ label, probability, text, start, end }: PredictedSpan) =>
    `  ${bold(label)}  ${dim(probability.toFixed(2))}  ${text}  ${dim(`${start}–${end}`)}`;
  return found.flatMap(({ entities }, i) => [
    textLine(texts[i]!, colors),
    ...(entities as readonly PredictedSpan[]).map(lineOf),
  ]);
}

/** The note that names the run if the user named none. */
function newestNote(run: string): string {
  const newer = newerThan(run);
  const without = newer === null ? "" : `; ${newer} is newer, but has no finished run`;
  return `using ${run}, the newest finished run under runs/ (choose another with --run FOLDER)${without}`;
}
