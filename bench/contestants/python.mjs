import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/**
 * A Python script that answers one JSON line with another, run in a process of its own.
 * @param {string} script name in bench/python
 * @param {string[]} args
 */
export function startPython(script, args) {
  const file = fileURLToPath(new URL(`../python/${script}`, import.meta.url));
  const environment = { ...process.env, HF_HUB_OFFLINE: "1" };
  // Set on some machines; they make numpy slower than it is.
  for (const name of ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"]) delete environment[name];
  const child = spawn(process.env.LOWRANK_PYTHON || "python3", [file, ...args], {
    env: environment,
    stdio: ["pipe", "pipe", "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    /** Sends a command; resolves to the answer. */
    async ask(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`bench/python/${script} ended; LOWRANK_PYTHON names a Python that has what it imports`);
      const answer = JSON.parse(value);
      if (answer.failure !== undefined) throw new Error(answer.failure);
      return answer;
    },
    close: () => child.stdin.end(),
  };
}

/** numpy or torch on the CPU: native code, wider vectors; shown beside, not a peer. */
export async function openPython(peer, threads) {
  const python = startPython("native.py", [peer, String(threads)]);
  await python.ask({ do: "hello" });
  const open = async (command) => {
    const { error } = await python.ask(command);
    if (error === undefined) return null;
    // Python holds it against its own double precision.
    return {
      checks: [{ error, allowed: 1e-4 }],
      sample: async (count) => (await python.ask({ do: "sample", count })).ms,
    };
  };
  return {
    peer,
    build: null,
    threads,
    matmul: ({ shape, transposeA, transposeB, frozen }) =>
      frozen ? null : open({ do: "matmul", shape, transposeA, transposeB }),
    loraStep: (shape) => open({ do: "lora step", shape }),
    block: (shape) => open({ do: "block", shape }),
    close: () => python.close(),
  };
}
