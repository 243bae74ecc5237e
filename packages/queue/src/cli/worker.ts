import { type Command, Option } from "commander";
import { builds } from "lowrank/extension";
import { enableRelaxedSimd, oneLine, port, type Session, whole } from "lowrank/extension/cli";
import { type QueueWorkerEvent, runQueueWorker } from "../index.js";
import { addQueueOptions, queueAddress, type QueueOptions } from "./queue-options.js";
import { resultText } from "./result-text.js";

const EXAMPLES = `
Ctrl-C or SIGTERM stops the worker: running jobs write a checkpoint and return to the queue. A job that was submitted with --threads or --build runs
with this engine. If this machine cannot run it, the job returns to the queue for another worker.

Example:
  lowrank worker --queue redis://127.0.0.1:6379 --concurrency 2
`;

interface WorkerCommandOptions extends QueueOptions {
  readonly concurrency: number;
  readonly threads?: number;
  readonly build: "auto" | "simd" | "relaxed";
  readonly lockSeconds: number;
  readonly board?: number;
  readonly boardHost: string;
  readonly json: boolean;
}

/** `lowrank worker`: runs the trainings of a queue. */
export function defineWorker(program: Command, session: Session): void {
  const command = program.command("worker").description("run the trainings of a queue");
  addQueueOptions(command)
    .option("--concurrency <n>", "concurrent jobs, each in its own thread with its own engine", whole(1), 1)
    .option(
      "--threads <n>",
      "threads of jobs that do not set them (default: the processor's, divided among the jobs)",
      whole(1),
    )
    .addOption(new Option("--build <name>", "kernels of jobs that do not set them").choices(builds).default("auto"))
    .option("--lock-seconds <n>", "a worker counts as dead after this long without a sign of life", whole(1), 30)
    .option(
      "--board <port>",
      "show the queue in a browser with Bull Board; anyone who can reach it can change the queue",
      port(1),
    )
    .option("--board-host <address>", "address on which the board listens", "127.0.0.1")
    .option("--json", "print one JSON object per line", false)
    .addHelpText("after", EXAMPLES)
    .action(async (options: WorkerCommandOptions) => {
      const { concurrency, threads, build, lockSeconds, board, boardHost, json } = options;
      const { terminal, signal } = session;
      // This process's threads use the same engines as `finetune`.
      enableRelaxedSimd();
      await runQueueWorker({
        queue: queueAddress(options),
        name: options.queueName,
        concurrency,
        build,
        lockSeconds,
        signal,
        ...(threads === undefined ? {} : { threads }),
        ...(board === undefined ? {} : { board: { port: board, host: boardHost } }),
        onEvent: (event) => terminal.print(json ? JSON.stringify(event) : oneLine(sentence(event))),
      });
    });
}

function sentence(event: QueueWorkerEvent): string {
  switch (event.type) {
    case "ready":
      return `waiting for jobs from ${event.queue}: ${event.concurrency} at once, ${event.threads} threads each`;
    case "board":
      return `board: ${event.address}`;
    case "begin":
      return event.resumedAfter === null
        ? `${event.id}: started`
        : `${event.id}: continues after step ${event.resumedAfter}`;
    case "found":
      return `${event.id}: ${event.out} already has a result, nothing is trained`;
    case "completed": {
      const { outcome, id } = event;
      return [`${id}: done`, resultText(outcome), `in ${outcome.out}`].filter((part) => part !== "").join(", ");
    }
    case "failed":
      return `${event.id}: ${event.error}${event.again ? " (will be retried)" : ""}`;
    case "handed back":
      return `${event.id}: handed back, ${event.why}`;
    case "stalled":
      return `${event.id}: its worker died, the job continues`;
    case "trouble":
      return `the server: ${event.message}`;
  }
}
