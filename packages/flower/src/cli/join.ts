import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { ConfigError, TextClassifier, writeFilesAtomically } from "lowrank";
import {
  addEngineOptions,
  addSettingOptions,
  checkOutFolder,
  DEFAULT_MODEL,
  type EngineOptions,
  exampleData,
  findModel,
  flagNames,
  formatPercent,
  freshSettings,
  loadEncoder,
  localSources,
  oneLine,
  readLabelled,
  real,
  type Session,
  type SettingsOptions,
  startEngine,
  whole,
} from "lowrank/extension/cli";
import { tasks } from "lowrank/extension";
import type { TrainingSettings } from "lowrank/jobs";
import type { FederationEvent, NodeTaskJoinOptions } from "../index-node.js";
import { columnSettings } from "../rounds/task-settings.js";

const EXAMPLES = `
Texts stay here. The adapter's B, the head, the loss and the number of examples are sent. Ctrl-C leaves within a step.

Examples:
  lowrank flower join --server http://127.0.0.1:8000 --data reviews.csv
  lowrank flower join --server http://127.0.0.1:8000 --task pairs --fields anchor=question,positive=answer --data pairs.csv
  lowrank flower join --server https://flower.example.org:8000 --root-certificates ca.crt --key keys/hospital-1 --data notes.csv
`;

interface FlowerJoinOptions extends EngineOptions, Omit<SettingsOptions, "build" | "threads"> {
  readonly server: string;
  readonly data: string;
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
    .option(
      "--model <name>",
      `model of the server's app (default: ${DEFAULT_MODEL}; for text, chat and preferences the default of finetune)`,
    )
    .option("--max-tokens <n>", "cut texts to this many tokens (default: what the model allows)", whole(2))
    .option("--max-steps <n>", "reject rounds with more steps", whole(1), 10_000)
    .option("--key <file>", "private key registered with the server (lowrank flower key); default: a new one")
    .option("--root-certificates <file>", "trusted certificates as PEM (default: the system's)")
    .option("--patience <seconds>", "give up after this long without an answer of the server", real(0), 60)
    .option("--stay", "stay for the server's next run", false)
    .option("--out <folder>", "save the shared model of the latest round here");
  // How rows are read until the server sets its loss.
  addSettingOptions(command, [...columnSettings, "loss"]);
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
  let writing = Promise.resolve();
  const connection = {
    server,
    maxSteps,
    patience,
    stay,
    signal,
    ...(key !== undefined && { key }),
    ...(rootCertificates !== undefined && { rootCertificates }),
    onEvent(event: FederationEvent) {
      // The model's files are only for --out.
      const { files, ...told } = { files: undefined, ...event };
      if (json) terminal.print(JSON.stringify(told));
      else if (event.type !== "step") terminal.print(oneLine(sentence(event)));
      if (files === undefined || event.type === "trained" || out === undefined) return;
      writing = writing.then(() => writeFilesAtomically(out, files));
      // Reported below, where it is awaited.
      writing.catch(() => undefined);
    },
  };
  try {
    const isOfTexts = (options.task ?? "classify") === "classify" && options.multiLabel !== true;
    const report = await (isOfTexts ? joinTexts(options, connection, session) : joinTask(options, connection, session));
    if (!json)
      terminal.print(
        `took part in ${report.rounds} rounds: ${kilobytes(report.sent)} sent, ${kilobytes(report.received)} received`,
      );
  } finally {
    await writing;
  }
}

type Connection = Omit<NodeTaskJoinOptions, "job" | "onWarning" | "optionNames">;

/** Joins with a spec of any task. */
async function joinTask(options: FlowerJoinOptions, connection: Connection, session: Session) {
  const { terminal } = session;
  const job = freshSettings(settingsIn(options), exampleData);
  await startEngine(options);
  const { joinFederation } = await import("../index-node.js");
  const onWarning = (message: string) => terminal.error(message);
  return joinFederation({ ...connection, job, onWarning, optionNames: flagNames });
}

/** The options that are settings of runs: `patience` is another one there. */
const settingsIn = ({ patience: _, ...options }: FlowerJoinOptions): SettingsOptions => options;

/** Joins with labelled texts, of which a node may have one label alone. */
async function joinTexts(options: FlowerJoinOptions, connection: Connection, session: Session) {
  const { terminal, signal } = session;
  const settings = freshSettings(settingsIn(options), exampleData) as TrainingSettings;
  const { data, validation: named, model, maxTokens } = settings;
  const sources = { readData: (path: string) => localSources.readData(path, { signal }) };
  const access = { sources, onWarning: (warning: string) => terminal.error(warning), optionNames: flagNames };
  const { examples } = await readLabelled(data, settings, access);
  const validation = named === null ? [] : (await readLabelled(named, settings, access)).examples;
  await startEngine(options);
  const encoder = await loadEncoder(await findModel(model, session), 0, maxTokens, session);
  try {
    // Loaded on demand, so that other commands start faster.
    const { joinFederation } = await import("../index-node.js");
    return await joinFederation({ ...connection, encoder, TextClassifier, examples, validation });
  } finally {
    encoder.dispose();
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
      return `round ${event.round}: ${measured(event)} of ${event.examples} examples`;
  }
}

/** Metrics and the loss of an evaluation. */
function measured({ metrics, loss }: FederationEvent & { readonly type: "evaluated" }): string {
  const known: Readonly<Record<string, { readonly title: string; readonly format: string }>> = Object.assign(
    {},
    ...Object.values(tasks).map((task) => task.metrics),
  );
  const shown = Object.entries(metrics).map(([name, value]) => {
    const { title, format } = known[name] ?? { title: name, format: "number" };
    return `${title} ${format === "share" ? formatPercent(value) : value.toFixed(3)}`;
  });
  return [...shown, `loss ${loss.toFixed(3)}`].join(", ");
}
