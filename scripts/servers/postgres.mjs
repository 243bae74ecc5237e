import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./free-port.mjs";

const DEBIAN = "/usr/lib/postgresql";

/** Folder of PostgreSQL's programs, which Debian does not put where others are found; null where there are none. */
export function postgresFolder() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((version) => join(DEBIAN, version, "bin"))
    .find((bin) => existsSync(join(bin, "postgres")));
  return found ?? null;
}

/** PostgreSQL refuses to be root: then it is the user that its package has made. */
const asUser = (program, args) =>
  process.getuid?.() === 0
    ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", program, ...args]]
    : [program, args];

/** Debian's PostgreSQL with a cluster of its own. */
export class Postgres {
  /** @type {import("node:child_process").ChildProcess} */
  process;

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.address = `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  static async start() {
    const folder = await mkdtemp(join(tmpdir(), "lowrank-postgres-"));
    if (process.getuid?.() === 0) {
      execFileSync("chown", ["postgres", folder]);
      chmodSync(folder, 0o700);
    }
    const postgres = new Postgres(folder, await freePort());
    const options = ["-D", join(folder, "data"), "-A", "trust", "-U", "postgres", "--no-sync"];
    const [program, args] = asUser(join(postgresFolder(), "initdb"), options);
    execFileSync(program, args, { stdio: "ignore", cwd: folder });
    await postgres.run();
    return postgres;
  }

  async run() {
    const options = ["-D", join(this.folder, "data"), "-p", String(this.port), "-h", "127.0.0.1", "-k", this.folder];
    const [program, args] = asUser(join(postgresFolder(), "postgres"), options);
    this.process = spawn(program, args, { stdio: "ignore", cwd: this.folder });
    for (let waited = 0; !this.answers(); waited += 100) {
      if (waited > 30_000) throw new Error(`PostgreSQL does not answer on port ${this.port}`);
      await sleep(100);
    }
  }

  answers() {
    try {
      execFileSync(join(postgresFolder(), "pg_isready"), ["-h", "127.0.0.1", "-p", String(this.port)], {
        stdio: "ignore",
      });
      return true;
    } catch {
      return false;
    }
  }

  /** Cuts every client off, as an administrator or a broken network does. */
  cutConnections() {
    const all =
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null";
    const psql = join(postgresFolder(), "psql");
    execFileSync(psql, ["-h", "127.0.0.1", "-p", String(this.port), "-U", "postgres", "-c", all], { stdio: "ignore" });
  }

  /** Ends it as a crash does; what was committed is there when it runs again. */
  kill() {
    return this.end("SIGQUIT");
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    this.process.kill(signal);
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, "exit");
  }

  async stop() {
    // Its fast end: nobody is waited for.
    await this.end("SIGINT");
    await rm(this.folder, { recursive: true, force: true });
  }
}
