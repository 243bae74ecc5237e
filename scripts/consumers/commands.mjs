import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LONGEST = 300_000;

/** The program and first arguments behind the first word of a command: Node, or what a package calls so. */
function program(folder, packages, word) {
  if (word === "node") return [process.execPath];
  if (word === "npm") return ["npm"];
  for (const dependency of ["lowrank", ...packages]) {
    const file = join(folder, "node_modules", dependency, "package.json");
    if (!existsSync(file)) continue;
    const { name, bin } = JSON.parse(readFileSync(file, "utf8"));
    const own = typeof bin === "string" ? { [name.split("/").at(-1)]: bin } : bin;
    if (own?.[word] === undefined) continue;
    const path = join(folder, "node_modules", dependency, own[word]);
    const isScript = /\.[cm]?js$/.test(path) || readFileSync(path).subarray(0, 2).toString() === "#!";
    return isScript ? [process.execPath, path] : [path];
  }
  throw new Error(`no package of ${packages.join(", ")} has a program "${word}"`);
}

/** Starts a command in a project, in a process group of its own. Its output is gathered in `output()`. */
export function start(folder, packages, command, env = {}) {
  const [word, ...rest] = command.split(" ");
  const [file, ...before] = program(folder, packages, word);
  const settings = {
    NODE_OPTIONS: "",
    NO_COLOR: "1",
    CI: "1",
    FORCE_COLOR: undefined,
    VITEST: undefined,
    NODE_ENV: undefined,
    NEXT_TELEMETRY_DISABLED: "1",
    WRANGLER_SEND_METRICS: "false",

    ...env,
  };
  const child = spawn(file, [...before, ...rest], {
    cwd: folder,
    env: { ...process.env, ...settings },
    detached: process.platform !== "win32",
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [text, errors] = ["", ""];
  child.stdout.on("data", (chunk) => (text += chunk));
  child.stderr.on("data", (chunk) => (errors += chunk));
  const ended = new Promise((resolve) => {
    child.on("error", (error) => resolve(String(error)));
    child.on("close", (code) => resolve(code));
  });
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null)
      try {
        // All that it started, too.
        process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
      } catch {
        // Gone meanwhile.
      }
    await ended;
  };
  return { ended, end, output: () => text, everything: () => `${text}${errors}` };
}

/** Runs a command to its end and gives what it printed. Throws with its output where it fails. */
export async function run(folder, packages, command, env) {
  const running = start(folder, packages, command, env);
  const timer = setTimeout(() => void running.end(), LONGEST);
  const code = await running.ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${running.everything().slice(-3000)}`);
  return running.output();
}
