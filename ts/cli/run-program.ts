import { basename, relative } from "node:path";
import { Command } from "commander";
import { likelyName } from "../arguments/options.js";
import { VERSION } from "../version.js";
import { enableRevectorizer } from "./engine-start.js";
import { type ExitCode, exitCodes, type Interruption, reportError, type Session } from "./session.js";
import { Terminal } from "./terminal/terminal.js";

const EXIT_CODES = `
Exit codes: 0 done, 1 an error, 2 wrong usage, 130 interrupted. Colour is off if the output is not a terminal or NO_COLOR is set.
`;

/** A program of the command line. */
export interface Program {
  readonly name: string;
  readonly description: string;
  /** Each adds a command. */
  readonly commands: readonly ((program: Command, session: Session) => void)[];
}

/**
 * Runs a program.
 * @param args what follows the program's name
 * @param self how the program was called, for commands to copy; default its name
 * @returns the exit code; nothing is thrown
 */
export type Run = (
  args: readonly string[],
  terminal: Terminal,
  signal?: AbortSignal,
  self?: string,
  interruption?: Interruption,
) => Promise<ExitCode>;

/** A program as a function. */
export const runs =
  (program: Program): Run =>
  (args, terminal, signal = new AbortController().signal, self = program.name, interruption = { handler: null }) =>
    run(program, args, terminal, signal, self, interruption);

async function run(
  program: Program,
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
  self: string,
  interruption: Interruption,
): Promise<ExitCode> {
  const session: Session = {
    terminal,
    signal: AbortSignal.any([signal, terminal.outputFailed]),
    self,
    interruption,
    exitCode: exitCodes.ok,
  };
  const debug = args.includes("--debug");
  try {
    const command = define(program, session);
    if (args.length === 0) {
      terminal.error(command.helpInformation().trimEnd());
      return exitCodes.usage;
    }
    await command.parseAsync([...args], { from: "user" });
    await terminal.flush();
    terminal.outputFailed.throwIfAborted();
    return session.exitCode;
  } catch (error) {
    // If the output failed, the command ends with that error; a reader that stops early (`| head`) is not an error.
    const { aborted, reason } = terminal.outputFailed;
    if (aborted && (reason as NodeJS.ErrnoException).code === "EPIPE") return session.exitCode;
    return reportError(aborted ? reason : error, terminal, debug);
  }
}

function define({ name, description, commands }: Program, session: Session): Command {
  const { output, errors } = session.terminal.streams;
  const program = new Command(name)
    .description(description)
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(add --help for the options)")
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(text),
      getOutHelpWidth: () => session.terminal.width,
      getErrHelpWidth: () => session.terminal.width,
    })
    .addHelpText("after", EXIT_CODES);
  for (const defineCommand of commands) defineCommand(program, session);
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    command.option("--debug", "print the stack trace of an error");
    command.configureOutput({ outputError: (text, write) => write(withData(withLikely(text, command), command)) });
  }
  program.hook("preAction", (_program, command) => {
    if (command.opts<{ revectorize?: true }>().revectorize) enableRevectorizer(process.argv[1]!);
  });
  return program;
}

/** The error for an argument that is a file for --data, if the command has that. */
function withData(text: string, { options, args }: Command): string {
  const [file, ...more] = args;
  const takesData = options.some((option) => option.long === "--data");
  if (!/^error: too many arguments/.test(text) || !takesData || file === undefined || more.length > 0) return text;
  return `${text}(Did you mean --data ${file}?)\n`;
}

/** The error for an unknown option, with a suggestion if commander has none: it knows no synonyms, such as `--lr`. */
function withLikely(text: string, { options }: Command): string {
  const [, flag] = /^error: unknown option '--([\w-]{1,60})'\n$/.exec(text) ?? [];
  if (flag === undefined) return text;
  const meant = likelyName(
    flag,
    options.map((option) => option.name()),
  );
  return meant === undefined ? text : `${text}(Did you mean --${meant}?)\n`;
}

/**
 * Runs this process as a program: its arguments, its terminal, Ctrl-C and SIGTERM, its exit code.
 * @param name the program's, as npm installs it
 */
export async function runProcess(name: string, run: Run): Promise<void> {
  const { stdin: input, stdout: output, stderr: errors, env: environment } = process;
  const terminal = new Terminal({ input, output, errors, environment });
  const interruption: Interruption = { handler: null };
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (signal === "SIGINT" && interruption.handler?.() === true) return;
      if (interrupt.signal.aborted) {
        // A progress bar may have switched line wrapping off.
        if (errors.isTTY) errors.write("\u001b[?7h\n");
        process.exit(exitCodes.interrupted);
      }
      interrupt.abort(signal);
    });
  }
  const given = process.argv.slice(2);
  try {
    process.exitCode = await run(given, terminal, interrupt.signal, callName(name), interruption);
  } catch (error) {
    // There is no working folder.
    process.exitCode = reportError(error, terminal, given.includes("--debug"));
  }
}

/** The name by which the user can call this program again: its name where it was found by that, else its file. */
function callName(name: string): string {
  const script = process.argv[1]!;
  const shorter = relative(process.cwd(), script);
  if (basename(script) !== name) return `node ${shorter.length < script.length ? shorter : script}`;
  return process.env["npm_command"] === "exec" ? `npx ${name}` : name;
}
