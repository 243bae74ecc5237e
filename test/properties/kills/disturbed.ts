import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { lowrankProcess, type ProcessOutcome, program } from "../../cli/process.js";

/** Runs a line of a shell in a folder; `$0` and `$@` are the program's call with its arguments. */
function shell(line: string, args: readonly string[], cwd: string, around: readonly string[] = []): Said {
  const [file, ...rest] = [...around, "sh", "-c", line, process.execPath, program, ...args] as [string, ...string[]];
  return said(spawnSync(file, rest, { cwd, encoding: "utf8" }));
}

/** What a shell's line printed: the program's code, then what lies in the folder. */
export interface Said {
  readonly out: string;
  readonly err: string;
}
const said = ({ stdout, stderr }: SpawnSyncReturns<string>) => ({ out: stdout, err: stderr });
const AFTER = 'echo "code $?"; ls -A';

/** The program in a folder, where no file may have more than so many blocks of 512 bytes. */
export const withShortFiles = (blocks: number, args: readonly string[], cwd: string): Said =>
  shell(`ulimit -f ${blocks}; "$0" "$@"; ${AFTER}`, args, cwd);

/** The program in an empty folder on a disk of so many bytes. */
export const withSmallDisk = (bytes: number, args: readonly string[], cwd: string): Said =>
  shell(`mount -t tmpfs -o size=${bytes} none . && cd "$PWD" && "$0" "$@"; ${AFTER}`, args, cwd, ["unshare", "-Urm"]);

/** A process that gets a signal once `is` holds, which is asked each millisecond; it may end before. */
export function signalledWhen(
  is: () => boolean,
  signal: NodeJS.Signals,
  args: readonly string[],
  cwd: string,
): Promise<ProcessOutcome> {
  return lowrankProcess(args, cwd, (text, child) => {
    if (text !== "") return;
    const watch = setInterval(() => {
      if (!is()) return;
      clearInterval(watch);
      child.kill(signal);
    }, 1);
    child.once("exit", () => clearInterval(watch));
  });
}

/** Every file below a folder by its path, in base64. */
export const contents = (directory: string): Map<string, string> =>
  new Map(
    (readdirSync(directory, { recursive: true }) as string[])
      .filter((name) => statSync(join(directory, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(directory, name)).toString("base64")]),
  );

/** Bytes of what is unfinished in a folder, by the names of its files, or by its own; null where nothing is, but for the check of the place. */
export function unfinished(directory: string): Map<string, number> | null {
  const part = readdirSync(directory).find((name) => /^\.(?!check\.).*\.part-/.test(name));
  if (part === undefined) return null;
  const found = (...path: string[]) => statSync(join(directory, ...path), { throwIfNoEntry: false });
  try {
    const names = found(part)?.isDirectory()
      ? (readdirSync(join(directory, part), { recursive: true }) as string[]).map((name) => [part, name])
      : [[part]];
    return new Map(names.map((path) => [path.at(-1)!, found(...path)?.size ?? 0]));
  } catch (error) {
    // It was renamed meanwhile.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
