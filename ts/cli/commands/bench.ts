import type { Command } from "commander";
import { throwIfAborted } from "../../waiting/abort.js";
import type { EngineInfo } from "../../entry/node.js";
import { nextTask } from "../../waiting/next-task.js";
import { addEngineOptions } from "../files/classifier-folder.js";
import { type EngineOptions, startEngine } from "../engine-start.js";
import { type KernelTiming, measurePeak, measureWork } from "../timing/kernel-timing.js";
import { allWork } from "../timing/kernel-work.js";
import { formatThreads } from "../terminal/number-format.js";
import { real } from "../options/option-values.js";
import type { Session } from "../session.js";
import { tableLines } from "../terminal/table.js";

const EXAMPLES = `
Examples:
  lowrank bench
  lowrank bench --threads 1 --build simd
`;

interface BenchOptions extends EngineOptions {
  readonly seconds: number;
  readonly json: boolean;
}

/** `lowrank bench`: how fast the kernels are here. */
export function defineBench(program: Command, session: Session): void {
  const command = program
    .command("bench")
    .description("measure the kernels on this machine: matrix products and LoRA training steps")
    .option("--seconds <n>", "time per line of the table", real(0), 0.2);
  addEngineOptions(command)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((options: BenchOptions) => bench(options, session));
}

async function bench(options: BenchOptions, { terminal, signal }: Session): Promise<void> {
  const engine = await startEngine(options);
  const peak = measurePeak(options.seconds);
  const timings: KernelTiming[] = [];
  for (const work of allWork()) {
    throwIfAborted(signal);
    timings.push(measureWork(work, options.seconds));
    await nextTask();
  }
  if (options.json) {
    const { build, threads, tile } = engine;
    terminal.print(JSON.stringify({ build, threads, tile, peak, timings }));
  } else for (const line of lines(engine, peak, timings)) terminal.print(line);
}

function lines({ build, threads, tile }: EngineInfo, peak: number, timings: readonly KernelTiming[]): string[] {
  const rows = timings.map(({ work, shape, fastest, median, gigaflops }) => [
    work,
    shape,
    time(fastest),
    time(median),
    gigaflops.toFixed(1),
    `${((100 * gigaflops) / peak / threads).toFixed(0)} %`,
  ]);
  const heading = ["", "shape", "fastest", "median", "GFLOP/s", "of peak"];
  return [
    `${build} build, ${formatThreads(threads)}, tile ${tile.rows}×${tile.columns}; 128-bit peak ${peak.toFixed(1)} GFLOP/s a thread`,
    ...tableLines([heading, ...rows], ["left", "left", "right", "right", "right", "right"]),
  ];
}

function time(milliseconds: number): string {
  return milliseconds < 1 ? `${(1000 * milliseconds).toPrecision(3)} µs` : `${milliseconds.toPrecision(3)} ms`;
}
