import type { Command } from "commander";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { installedPackage } from "../installed-package.js";
import type { Run } from "../run-program.js";
import type { Session } from "../session.js";

/** Commands of packages of their own, with what is said of them here. */
const queueCommands = {
  sweep: "compare settings of training, with early stopping",
  submit: "give a training to a queue, or a file of them",
  worker: "take trainings from a queue and run them",
  jobs: "show what is in a queue; watch it, cancel, read logs",
};

/** `lowrank sweep`, `submit`, `worker` and `jobs`: run by @lowrank/queue, where it is installed. */
export function defineQueueCommands(program: Command, session: Session): void {
  for (const [name, description] of Object.entries(queueCommands))
    define(program.command(name).description(`${description} (by the package @lowrank/queue)`), "@lowrank/queue", session);
}

/** A command that hands all its arguments on to the package's program, whose command of that name it is. */
function define(command: Command, name: string, session: Session): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .argument("[arguments...]")
    .action(async () => {
      // This program's own option, which it has taken out.
      const debug = command.opts<{ debug?: true }>().debug ? ["--debug"] : [];
      const folder = installedPackage(name, `\`lowrank ${command.name()}\` is`);
      const { run } = (await import(pathToFileURL(join(folder, "dist/program.js")).href)) as { run: Run };
      const { terminal, signal, self, interruption } = session;
      session.exitCode = await run([command.name(), ...command.args, ...debug], terminal, signal, self, interruption);
    });
}
