import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { ConfigError, TextClassifier, writeFilesAtomically } from "lowrank";
import {
  addEngineOptions,
  checkOutFolder,
  DEFAULT_MODEL,
  type EngineOptions,
  findModel,
  flagWords,
  formatPercent,
  labelNames,
  loadEncoder,
  localSources,
  oneLine,
  readLabelled,
  real,
  type Session,
  startEngine,
  whole,
} from "lowrank/extension/cli";
import type { FederationEvent } from "../index-node.js";

const EXAMPLES = `
Texts stay here. The adapter's B, the head, the loss and the number of examples are sent. Ctrl-C leaves within a step.

Examples:
  lowrank flower join --server http://127.0.0.1:8000 --data reviews.csv
  lowrank flower join --server https://flower.example.org:8000 --root-certificates ca.crt --key keys/hospital-1 --data notes.csv
`;

interface FlowerJoinOptions extends EngineOptions {
  readonly server: string;
  readonly data: string;
  readonly validation?: string;
  readonly model: string;
  readonly text: string;
  readonly label: string;
  readonly labelNames?: Readonly<Record<string, string>>;
  readonly maxTokens?: number;
  readonly maxSteps: number;
  readonly key?: string;
  readonly rootCertificates?: string;
  readonly patience: number;
  readonly stay: boolean;
  readonly out?: string;
  readonly json: boolean;
}

/** `lowrank flower join`: takes part in the rounds of a Flower server. */
export function defineFlowerJoin(group: Command, session: Session): void {
  const command = group
    .command("join")
    .description("take part in a server's rounds with your own texts")
    .requiredOption("--server <address>", "address of the SuperLink, http or https")
    .requiredOption("--data <file>", "training examples: CSV, TSV, JSONL, JSON or Parquet")
    .option("--validation <file>", "examples to evaluate rounds on, if the server asks (default: those of --data)")
    .option("--text <column>", "column of the texts", "text")
    .option("--label <column>", "column of the labels", "label")
    .option("--label-names <pairs>", 'names for labels of the data, such as "0=bad,1=good"', labelNames)
    .option("--model <name>", "encoder of the server's app", DEFAULT_MODEL)
    .option("--max-tokens <n>", "cut texts to this many tokens (default: what the model allows)", whole(2))
    .option("--max-steps <n>", "reject rounds with more steps", whole(1), 10_000)
    .option("--key <file>", "private key registered with the server (lowrank flower key); default: a new one")
    .option("--root-certificates <file>", "trusted certificates as PEM (default: the system's)")
    .option("--patience <seconds>", "give up after this long without an answer of the server", real(0), 60)
    .option("--stay", "stay for the server's next run", false)
    .option("--out <folder>", "save the shared classifier of the latest round here");
  addEngineOptions(command)
    .option("--json", "print one JSON object per line", false)
    .addHelpText("after", EXAMPLES)
    .action((options: FlowerJoinOptions) => join(options, session));
}

async function join(options: FlowerJoinOptions, session: Session): Promise<void> {
  const { server, maxSteps, patience, stay, out, json } = options;
  const { terminal, signal } = session;
  if (out !== undefined) checkOutFolder(out);
  const [key, rootCertificates] = [
    fileOf("--key", options.key),
    fileOf("--root-certificates", options.rootCertificates),
  ];
  const sources = { readData: (path: string) => localSources.readData(path, { signal }) };
  const access = { sources, onWarning: (warning: string) => terminal.error(warning), words: flagWords };
  const columns = { text: options.text, label: options.label, labelNames: options.labelNames ?? {} };
  const { examples } = await readLabelled(options.data, columns, access);
  const held =
    options.validation === undefined ? [] : (await readLabelled(options.validation, columns, access)).examples;
  await startEngine(options);
  const encoder = await loadEncoder(await findModel(options.model, session), 0, options.maxTokens ?? null, session);
  let writing = Promise.resolve();
  try {
    // Loaded on demand, so that other commands start faster.
    const { joinFederation } = await import("../index-node.js");
    const report = await joinFederation({
      ...{ server, encoder, TextClassifier, examples, validation: held, maxSteps, patience, stay, signal },
      ...(key !== undefined && { key }),
      ...(rootCertificates !== undefined && { rootCertificates }),
      onEvent(event) {
        // The classifier's files are only for --out.
        const { files, ...told } = { files: undefined, ...event };
        if (json) terminal.print(JSON.stringify(told));
        else if (event.type !== "step") terminal.print(oneLine(sentence(event)));
        if (files === undefined || event.type === "trained" || out === undefined) return;
        writing = writing.then(() => writeFilesAtomically(out, files));
        // Reported below, where it is awaited.
        writing.catch(() => undefined);
      },
    });
    if (!json)
      terminal.print(
        `took part in ${report.rounds} rounds: ${kilobytes(report.sent)} sent, ${kilobytes(report.received)} received`,
      );
  } finally {
    encoder.dispose();
    await writing;
  }
}

function fileOf(option: string, path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, "utf8");
  } catch (cause) {
    throw new ConfigError(`${option} ${path}: the file cannot be read`, { option, file: path }, { cause });
  }
}

const kilobytes = (bytes: number) => `${Math.round(bytes / 1000).toLocaleString("en-US")} kB`;

function sentence(event: FederationEvent): string {
  switch (event.type) {
    case "joined":
      return `joined ${event.server} as node ${event.node}`;
    case "round":
      return `round ${event.round} of ${event.rounds}: ${event.steps} steps`;
    case "step":
      return `step ${event.step} of ${event.steps}: loss ${event.loss.toFixed(3)}`;
    case "trained":
      return `round ${event.round}: loss ${event.loss.toFixed(3)} over ${event.examples} examples`;
    case "answered":
      return `round ${event.round}: sent`;
    case "late":
      return `round ${event.round}: too late (${event.message})`;
    case "evaluated":
      return `round ${event.round}: ${formatPercent(event.accuracy)} right of ${event.examples}`;
  }
}
