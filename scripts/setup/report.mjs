import { spawn } from "node:child_process";

const terminal = process.stdout.isTTY && process.env.CI === undefined;

/** Something that can't be had. `command` is what would bring it. */
export class SetupError extends Error {
  constructor(message, command) {
    super(command === undefined ? message : `${message}\n  try: ${command}`);
    this.name = "SetupError";
  }
}

/** For the end of a script: what can be done goes to the screen without a stack, anything else is a fault of ours. */
export function explain(error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n✗ ${error.message}`);
  process.exitCode = 1;
}

export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Says what begins, runs it, says how long it took. */
export async function step(title, body) {
  const start = performance.now();
  console.log(`▸ ${title}`);
  const result = await body();
  console.log(`  done in ${seconds(start)}`);
  return result;
}

/**
 * Runs a command to its end and returns `{ code, output }`. While it runs, its newest line is shown: always on a
 * terminal, every ten seconds elsewhere.
 */
export function watch(command, args, { cwd, env } = {}) {
  const start = performance.now();
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const chunks = [];
  let newest = "";
  const show = () => {
    const line = `  ${seconds(start)} ${newest}`;
    if (terminal) process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else console.log(line.slice(0, 120));
  };
  const timer = setInterval(show, terminal ? 250 : 10_000);
  const take = (chunk) => {
    chunks.push(chunk);
    newest =
      String(chunk)
        .trim()
        .split(/[\r\n]+/)
        .at(-1) || newest;
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  return new Promise((resolve, reject) => {
    const end = () => {
      clearInterval(timer);
      if (terminal) process.stdout.write("\r\x1b[K");
    };
    child.on("error", (error) => {
      end();
      reject(error);
    });
    child.on("close", (code) => {
      end();
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() });
    });
  });
}

/** As `watch`, but a failing command ends the set-up, with its output shown. */
export async function run(command, args, options) {
  const { code, output } = await watch(command, args, options);
  if (code === 0) return output;
  process.stdout.write(output);
  throw new SetupError(`${command} ${args.join(" ")} ended with exit code ${code}`);
}
