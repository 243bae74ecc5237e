import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** PyTorch in a process of its own. */
export const startTorch = () => startPython("programs.py", "torch");

/** A script of this folder in Python, which answers one JSON line with another. LOWRANK_PYTHON names a Python that has `packages`. */
export function startPython(name, packages) {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.env.LOWRANK_PYTHON || "python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`scripts/fuzz/${name} ended; LOWRANK_PYTHON names a Python that has ${packages}`);
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}
