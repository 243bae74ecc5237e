import type { Command } from "commander";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installedPackage } from "../installed-package.js";
import type { Run } from "../run-program.js";
import type { Session } from "../session.js";

/** Commands of @lowrank/queue, with what is said of them here. */
const queueCommands = {
  sweep: "compare settings of training, with early stopping",
  submit: "give a training to a queue, or a file of them",
  worker: "take trainings from a queue and run them",
  jobs: "show what is in a queue; watch it, cancel, read logs",
};

/** `lowrank sweep`, `submit`, `worker` and `jobs`: run by @lowrank/queue, where it is installed. */
export function defineQueueCommands(program: Command, session: Session): void {
  for (const [name, description] of Object.entries(queueCommands))
    handOn(program.command(name).description(description), "@lowrank/queue", session, [name]);
}

/** `lowrank flower`: run by @lowrank/flower, where it is installed. */
export function defineFlower(program: Command, session: Session): void {
  const description = "train one adapter with others, whose texts stay where they are, by Flower: app, join, key";
  handOn(program.command("flower").description(description), "@lowrank/flower", session);
}

/** Makes a command hand its arguments on to a package's program. @param before what that program has before them */
function handOn(command: Command, name: string, session: Session, before: readonly string[] = []): void {
  command
    .description(`${command.description()} (package ${name})`)
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action(async () => {
      // This program's own option, which it has taken out.
      const debug = command.opts<{ debug?: true }>().debug ? ["--debug"] : [];
      const folder = installedPackage(name, `\`lowrank ${command.name()}\` is`);
      const { run } = (await import(pathToFileURL(join(folder, "dist/program.js")).href)) as { run: Run };
      const { terminal, signal, self, interruption } = session;
      session.exitCode = await run([...before, ...command.args, ...debug], terminal, signal, self, interruption);
    });
}
