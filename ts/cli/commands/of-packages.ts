import type { Command } from "commander";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installedPackage } from "../installed-package.js";
import type { Run } from "../run-program.js";
import type { Session } from "../session.js";

/** Commands of @lowrank/queue, with their help. */
const queueCommands = {
  sweep: "compare training settings, with early stopping",
  submit: "submit training jobs to a queue",
  worker: "run training jobs from a queue",
  jobs: "list a queue's jobs; watch, cancel, read logs",
};

/** `lowrank sweep`, `submit`, `worker` and `jobs`: run by @lowrank/queue, if it is installed. */
export function defineQueueCommands(program: Command, session: Session): void {
  for (const [name, description] of Object.entries(queueCommands))
    handOn(program.command(name).description(description), "@lowrank/queue", session, [name]);
}

/** `lowrank flower`: run by @lowrank/flower, if it is installed. */
export function defineFlower(program: Command, session: Session): void {
  const description = "federated training with Flower: texts stay where they are; commands app, join, key";
  handOn(program.command("flower").description(description), "@lowrank/flower", session);
}

/** Makes a command pass its arguments to a package's program. @param before arguments of that program before them */
function handOn(command: Command, name: string, session: Session, before: readonly string[] = []): void {
  command
    .description(`${command.description()} (package ${name})`)
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action(async () => {
      // This program's own option was removed from the arguments.
      const debug = command.opts<{ debug?: true }>().debug ? ["--debug"] : [];
      const folder = installedPackage(name, `\`lowrank ${command.name()}\` is`);
      const { run } = (await import(pathToFileURL(join(folder, "dist/program.js")).href)) as { run: Run };
      const { terminal, signal, self, interruption } = session;
      session.exitCode = await run([...before, ...command.args, ...debug], terminal, signal, self, interruption);
    });
}
