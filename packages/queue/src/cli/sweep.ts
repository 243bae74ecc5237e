import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, writeFilesAtomically } from "lowrank";
import { parseJsonObject } from "lowrank/extension";
import {
  type AdapterOptions,
  addSpecOptions,
  enableRelaxedSimd,
  exampleData,
  freshSettings,
  type Session,
  shellPath,
  whole,
} from "lowrank/extension/cli";
import type { TrainingSettings } from "lowrank/jobs";
import { type Grid, runSweep, type SweepEvent, type SweepReport, type SweepSpec } from "../index.js";
import { gridOption, seedList } from "./sweep-options.js";
import { withQueue } from "./queue-options.js";
import { sweepLines } from "./sweep-lines.js";
import { sweepPicture } from "./sweep-picture.js";

const EXAMPLES = `
All combinations are trained for a few steps. The better half, by validation loss, continues from its checkpoints for twice as many steps, and so on.
The same command continues an interrupted sweep.

Examples:
  lowrank sweep --grid learningRate=3e-4,1e-3,3e-3 --grid rank=4,8,16 --steps 200
  lowrank sweep --queue redis://127.0.0.1:6379 --place s3://tenants/sweep --data s3://tenants/reviews.csv --grid rank=4,8 --steps 200
  lowrank sweep --data reviews.csv --steps 200 --grid learningRate=1e-4..1e-2 --grid rank=4..32 --random 16 --seeds 0,1
`;

interface SweepCommandOptions extends Partial<TrainingSettings>, AdapterOptions {
  readonly grid?: Grid;
  readonly gridFile?: string;
  readonly random?: number;
  readonly seeds?: readonly number[];
  readonly eta: number;
  readonly out: string;
  readonly queue?: string;
  readonly queueName: string;
  readonly place?: string;
  readonly json: boolean;
}

/** `lowrank sweep`: compares settings. */
export function defineSweep(program: Command, session: Session): void {
  const command = program.command("sweep").description("compare training settings by successive halving");
  command
    .option(
      "--grid <setting=values>",
      "a setting with its values or a range, such as rank=4,8,16 or learningRate=1e-4..1e-2; repeatable",
      gridOption,
    )
    .option("--grid-file <file>", 'the grid as JSON: {"rank": [4, 8], "learningRate": {"from": 1e-4, "to": 1e-2}}')
    .option("--random <n>", "compare this many random combinations of the grid", whole(1))
    .option(
      "--seeds <numbers>",
      "train each combination with these seeds, such as 0,1,2 (default: the one of --seed)",
      seedList,
    )
    .option(
      "--eta <n>",
      "each stage keeps one in n combinations and trains it n times as long; 1: train all in full",
      whole(1),
      2,
    )
    .option("--out <folder>", "folder of the sweep; an interrupted sweep continues", "runs/sweep")
    .option(
      "--queue <address>",
      "train as jobs of a queue, such as redis://host:port (default: locally, one after another)",
    )
    .option("--queue-name <name>", "name of the queue", "lowrank")
    .option(
      "--place <place>",
      "with --queue: folder that every worker reaches, or s3://bucket/folder, for the trainings (default: that of --out)",
    )
    .option("--json", "print the result as JSON", false);
  addSpecOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((options: SweepCommandOptions) => sweep(options, session));
}

async function sweep(options: SweepCommandOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const grid = { ...(options.gridFile === undefined ? {} : await readGrid(options.gridFile)), ...options.grid };
  if (Object.keys(grid).length === 0)
    throw new ConfigError("--grid with the settings to compare is required, such as --grid rank=4,8,16", {
      option: "--grid",
    });
  enableRelaxedSimd();
  // Trainings are compared by the validation, so the head-only baseline is not needed.
  const spec = { ...(freshSettings(options, exampleData) as TrainingSettings), baseline: false };
  const { random, seeds, eta, out, json } = options;
  const given: SweepSpec = {
    spec,
    grid,
    eta,
    ...(random !== undefined && { random }),
    ...(seeds !== undefined && { seeds }),
  };
  const running = {
    out,
    signal,
    ...(options.place !== undefined && { place: options.place }),
    onEvent: (event: SweepEvent) => terminal.error(sentence(event)),
  };
  const report = await (options.queue === undefined
    ? runSweep(given, running)
    : withQueue(options, session, (queue) => runSweep(given, { ...running, queue })));
  await writeFilesAtomically(out, { "sweep.svg": new TextEncoder().encode(await sweepPicture(out, report)) });
  if (json) return terminal.print(JSON.stringify(report));
  for (const line of sweepLines(report)) terminal.print(line);
  for (const line of nextSteps(report, out)) terminal.print(line);
}

function sentence(event: SweepEvent): string {
  if (event.type === "rung")
    return `${event.settings} settings${event.trials === event.settings ? "" : `, ${event.trials} trainings`}, until step ${event.until}`;
  const { name, step, loss, error } = event;
  return `  ${name}: ${error ?? (loss === null ? "no finite loss" : `loss ${loss.toFixed(4)}`)} after ${step} steps`;
}

function nextSteps({ results: [best] }: SweepReport, out: string): string[] {
  if (best === undefined || best.loss === null) return ["", "All trainings failed."];
  const folder = join(out, "trials", best.trials[0]!);
  return [
    "",
    `Table and curves: ${join(out, "sweep.json")}, ${join(out, "sweep.svg")}`,
    `Best: npx lowrank evaluate --run ${shellPath(folder)}`,
  ];
}

async function readGrid(file: string): Promise<Grid> {
  const fail = (problem: string, cause?: unknown) =>
    new ConfigError(`--grid-file ${file}: ${problem}`, { file }, { cause });
  const bytes = await readFile(file).catch((cause: Error) => {
    throw fail(cause.message, cause);
  });
  return parseJsonObject(bytes, fail) as unknown as Grid;
}
