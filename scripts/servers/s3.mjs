import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../setup/paths.mjs";
import { freePort } from "./free-port.mjs";

/** Where the set-up puts moto, a Python package that answers as AWS's services do. */
export const motoFolder = join(root, ".cache/moto");

/** A Python that has moto. */
const python = () => process.env.MOTO_PYTHON || join(motoFolder, "bin/python");

export const hasMoto = () => existsSync(join(dirname(python()), "moto_server"));

/** An S3 service on a port of its own, in memory, with one empty bucket. */
export class S3 {
  /** @type {import("node:child_process").ChildProcess} */
  process;
  bucket = "runs";

  constructor(port) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.port = port;
  }

  static async start() {
    const s3 = new S3(await freePort());
    const server = join(import.meta.dirname, "s3-server.py");
    s3.process = spawn(python(), [server, "-H", "127.0.0.1", "-p", String(s3.port)], { stdio: "ignore" });
    for (let waited = 0; !(await s3.answers()); waited += 100) {
      if (waited > 60_000 || s3.process.exitCode !== null) throw new Error(`moto does not answer on port ${s3.port}`);
      await sleep(100);
    }
    return s3;
  }

  /** Makes the bucket as it asks. */
  answers() {
    return fetch(`${this.endpoint}/${this.bucket}`, { method: "PUT" }).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** What a client's environment holds. */
  get environment() {
    const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" };
    return { ...keys, AWS_ENDPOINT_URL_S3: this.endpoint };
  }

  /** The same as options. */
  get options() {
    return { endpoint: this.endpoint, accessKeyId: "test", secretAccessKey: "test", region: "us-east-1" };
  }

  async stop() {
    this.process.kill("SIGKILL");
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }
}
