import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findExecutable } from "../browsers/find-executable.mjs";
import { freePort } from "./free-port.mjs";

/** Debian's redis-server on a port of its own, with an append-only file: what it was told survives its being killed. */
export class Redis {
  /** @type {import("node:child_process").ChildProcess} */
  process;

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.address = `redis://127.0.0.1:${port}`;
  }

  static async start() {
    const redis = new Redis(await mkdtemp(join(tmpdir(), "lowrank-redis-")), await freePort());
    await redis.run();
    return redis;
  }

  async run() {
    const options = ["--port", this.port, "--bind", "127.0.0.1", "--dir", this.folder, "--save", ""];
    const durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
    this.process = spawn(findExecutable("redis-server"), [...options, ...durable].map(String), { stdio: "ignore" });
    for (let waited = 0; !(await this.answers()); waited += 50) {
      if (waited > 20_000) throw new Error(`redis-server does not answer on port ${this.port}`);
      await sleep(50);
    }
  }

  answers() {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, "127.0.0.1", () => socket.write("PING\r\n"));
      const end = (answer) => {
        socket.destroy();
        resolve(answer);
      };
      socket.on("data", (data) => end(data.toString().startsWith("+PONG")));
      socket.on("error", () => end(false));
    });
  }

  /** Ends it as a crash does. */
  async kill() {
    this.process.kill("SIGKILL");
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }

  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
