import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/**
 * A Python script that answers each JSON line with one: it loads its libraries and the model once. It has the same number of threads as our
 * side, and no network.
 */
export function pythonProcess(python, script, args, threads) {
  const env = {
    ...process.env,
    OMP_NUM_THREADS: String(threads),
    HF_HUB_OFFLINE: "1",
    TOKENIZERS_PARALLELISM: "false",
  };
  const child = spawn(python, [script, ...args, "--threads", String(threads)], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${script} ended`);
      return JSON.parse(value);
    },
    end: () => child.stdin.end(),
  };
}
