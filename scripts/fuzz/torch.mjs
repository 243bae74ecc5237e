import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** PyTorch in a process of its own, which answers one JSON line with another. LOWRANK_PYTHON names a Python that has it. */
export function startTorch() {
  const script = fileURLToPath(new URL("programs.py", import.meta.url));
  const child = spawn(process.env.LOWRANK_PYTHON || "python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("scripts/fuzz/programs.py ended; LOWRANK_PYTHON names a Python that has torch");
      return JSON.parse(value);
    },
    close: () => child.stdin.end(),
  };
}
