import { type Command, Option } from "commander";
import { builds } from "lowrank/extension";
import { enableRelaxedSimd, formatPercent, oneLine, port, type Session, whole } from "lowrank/extension/cli";
import { type QueueWorkerEvent, runQueueWorker } from "../index.js";
import { addQueueOptions, queueAddress, type QueueOptions } from "./queue-options.js";

const EXAMPLES = `
Ctrl-C, or SIGTERM, stops: jobs under way write a checkpoint and go back to the queue. A job that was submitted with --threads or --build has
the engine that it asks for; where this machine has none such, it goes back for another worker.

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

/** `lowrank worker`: trains what is in a queue. */
export function defineWorker(program: Command, session: Session): void {
  const command = program.command("worker").description("take trainings from a queue and run them");
  addQueueOptions(command)
    .option("--concurrency <n>", "jobs at once, each in a thread with an engine of its own", whole(1), 1)
    .option("--threads <n>", "threads of a job that does not say (default: the processor's, shared out)", whole(1))
    .addOption(new Option("--build <name>", "kernels of a job that does not say").choices(builds).default("auto"))
    .option("--lock-seconds <n>", "a worker that says nothing for so long counts as dead", whole(1), 30)
    .option(
      "--board <port>",
      "show the queue in a browser, by Bull Board; whoever reaches it may change the queue",
      port(1),
    )
    .option("--board-host <address>", "where the board listens", "127.0.0.1")
    .option("--json", "print a JSON object a line", false)
    .addHelpText("after", EXAMPLES)
    .action(async (options: WorkerCommandOptions) => {
      const { concurrency, threads, build, lockSeconds, board, boardHost, json } = options;
      const { terminal, signal } = session;
      // The engines of this process's threads are those of `finetune`.
      enableRelaxedSimd();
      await runQueueWorker({
        queue: queueAddress(options),
        name: options.queueName,
        ...{ concurrency, build, lockSeconds, signal },
        ...(threads === undefined ? {} : { threads }),
        ...(board === undefined ? {} : { board: { port: board, host: boardHost } }),
        onEvent: (event) => terminal.print(json ? JSON.stringify(event) : oneLine(sentence(event))),
      });
    });
}

function sentence(event: QueueWorkerEvent): string {
  switch (event.type) {
    case "ready":
      return `takes jobs from ${event.queue}: ${event.concurrency} at once, ${event.threads} threads each`;
    case "board":
      return `the board is at ${event.address}`;
    case "begin":
      return event.resumedAfter === null
        ? `${event.id}: begins`
        : `${event.id}: goes on after step ${event.resumedAfter}`;
    case "found":
      return `${event.id}: a result lies in ${event.out} already, nothing is trained`;
    case "completed": {
      const { accuracy, out } = event.outcome;
      return `${event.id}: done${accuracy === null ? "" : `, ${formatPercent(accuracy)} right`}, in ${out}`;
    }
    case "failed":
      return `${event.id}: ${event.error}${event.again ? " (will be tried again)" : ""}`;
    case "handed back":
      return `${event.id}: handed back, ${event.why}`;
    case "stalled":
      return `${event.id}: its worker has died, it goes on`;
    case "trouble":
      return `the server: ${event.message}`;
  }
}
