import { spawn } from "node:child_process";

/** A program that serves. */
export interface ServedProgram {
  /** Its address, without a slash at the end. */
  readonly url: string;
  end(): Promise<void>;
}

/** Starts a program that prints the address at which it serves. Rejects with what it printed if it ends before. */
export async function servedProgram(command: string, args: readonly string[], cwd: string): Promise<ServedProgram> {
  const own = { NODE_OPTIONS: "", NO_COLOR: "1", NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: "1" };
  const env = { ...process.env, ...own };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  let output = "";
  const url = new Promise<string>((resolve, reject) => {
    const read = (text: string) => {
      output += text;
      const found = /(http:\/\/127\.0\.0\.1:\d+)[/\s]/.exec(output);
      if (found !== null) resolve(found[1]!);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`)));
  });
  const end = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { url: await url, end };
}
