import { spawn } from "node:child_process";
import { currentStep, seconds, SetupError } from "./report.mjs";

const terminal = process.stdout.isTTY === true && process.env.CI === undefined;
const children = new Set();
let interrupted = false;

/** Ends the running command on Ctrl-C, and lets the script clean up after itself. */
function onSignal(signal) {
  interrupted = true;
  // On a terminal the whole process group has heard Ctrl-C already; a second one means more to some programs.
  if (signal === "SIGINT" && process.stdin.isTTY) return;
  for (const child of children) child.kill(signal);
}

/** Throws where Ctrl-C ended the last command. */
export function stopIfInterrupted() {
  if (interrupted) throw new SetupError("interrupted; the same command goes on from here");
}

/** Starts a command and waits for its exit code; `onStart` is given the running process. */
function execute(command, args, { cwd, env, stdio }, onStart = () => {}) {
  if (children.size === 0) for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, onSignal);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio });
    children.add(child);
    onStart(child);
    const end = (settle, value) => {
      children.delete(child);
      if (children.size === 0) for (const signal of ["SIGINT", "SIGTERM"]) process.removeListener(signal, onSignal);
      settle(value);
    };
    child.on("error", (error) => end(reject, new SetupError(`${command} does not start: ${error.message}`)));
    child.on("close", (code) => end(resolve, code ?? 1));
  });
}

/** Runs a command whose output goes straight to the screen; returns its exit code. */
export function show(command, args, options) {
  return execute(command, args, { ...options, stdio: ["ignore", "inherit", "inherit"] });
}

/**
 * Runs a command and returns `{ code, output }`. While it runs, its newest line is shown, after `label` if there is one:
 * always on a terminal, every ten seconds elsewhere.
 */
export async function watch(command, args, options = {}) {
  const start = performance.now();
  const name = options.label ?? currentStep.getStore();
  const label = name === undefined ? "" : `${name}: `;
  const chunks = [];
  let newest = "";
  const take = (chunk) => {
    chunks.push(chunk);
    newest =
      String(chunk)
        .trim()
        .split(/[\r\n]+/)
        .at(-1) || newest;
  };
  const timer = setInterval(() => showProgress(`  ${seconds(start)}  ${label}${newest}`), terminal ? 250 : 10_000);
  try {
    const code = await execute(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] }, (child) => {
      child.stdout.on("data", take);
      child.stderr.on("data", take);
    });
    stopIfInterrupted();
    return { code, output: Buffer.concat(chunks).toString() };
  } finally {
    clearInterval(timer);
    if (terminal) process.stdout.write("\r\x1b[K");
  }
}

function showProgress(line) {
  if (terminal) process.stdout.write(`\r\x1b[K${line.slice(0, process.stdout.columns - 1)}`);
  else console.log(line.slice(0, 120));
}

/** As `watch`, but a failing command ends the set-up, its output shown. Returns the output. */
export async function run(command, args, options) {
  const { code, output } = await watch(command, args, options);
  if (code === 0) return output;
  console.error(output.trimEnd());
  throw new SetupError(`${command} ${args.join(" ")} ended with exit code ${code}`);
}
