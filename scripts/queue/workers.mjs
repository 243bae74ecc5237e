import { spawn } from "node:child_process";
import { once } from "node:events";
import { root } from "../setup/paths.mjs";

/**
 * Workers of a queue as processes of the command line.
 * @typedef {{ type: string, id?: string, resumedAfter?: number | null }} WorkerEvent
 */
export class Workers {
  /** @type {Set<import("node:child_process").ChildProcess>} */
  running = new Set();
  /** What they have said, an event a line. @type {WorkerEvent[]} */
  events = [];

  /**
   * @param {string} address of the server
   * @param {number} lockSeconds after which a worker that says nothing counts as dead
   */
  constructor(address, lockSeconds = 2) {
    this.address = address;
    this.lockSeconds = lockSeconds;
  }

  /** @param {string[]} options more of `lowrank worker` */
  start(...options) {
    return this.startNode([], ...options);
  }

  /** One that chooses its engine itself. */
  startPlain() {
    return this.run([], []);
  }

  /** @param {string[]} flags of Node @param {string[]} options more of `lowrank worker` */
  startNode(flags, ...options) {
    return this.run(flags, ["--build", "simd", "--threads", "1", ...options]);
  }

  run(flags, options) {
    const args = ["dist/cli.js", "worker", "--queue", this.address, "--lock-seconds", this.lockSeconds, "--json"];
    const worker = spawn("node", [...flags, ...args, ...options].map(String), {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.running.add(worker);
    worker.on("exit", () => this.running.delete(worker));
    let rest = "";
    worker.stdout.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) this.heard(JSON.parse(line));
    });
    worker.stderr.on("data", (text) => this.heard({ type: String(text) }));
    return worker;
  }

  /** @param {WorkerEvent} event */
  heard(event) {
    this.events.push(event);
  }

  /** Ends one of them as a crash does, and puts another one in its place. @param {() => number} random from 0 to 1 */
  async killOne(random) {
    const all = [...this.running];
    const victim = all[Math.floor(random() * all.length)];
    victim.kill("SIGKILL");
    await once(victim, "exit");
    this.start();
  }

  /** @param {NodeJS.Signals} signal */
  async stop(signal = "SIGTERM") {
    const all = [...this.running];
    for (const worker of all) worker.kill(signal);
    const left = all.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(left.map((worker) => once(worker, "exit")));
  }
}
