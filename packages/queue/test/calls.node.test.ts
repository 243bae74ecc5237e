// @rest services
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../scripts/servers/free-port.mjs";
import { ConfigError } from "../../../ts/errors/errors.js";
import { JobQueue, QueueError } from "../src/index.js";
import { project } from "../../../test/cli/fixture.js";
import { type QueueServer, queueServers } from "./servers.js";

/** Half a minute that a server is waited for, and as much as a busy machine may need. */
const PATIENCE = 120_000;

const caught = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

/** A command, as the shell would run it. */
function lowrank(...args: string[]) {
  const child = spawn("node", ["dist/cli.js", ...args], { cwd: project, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (text += String(chunk)));
  const exit = once(child, "close").then(([code]) => code as number);
  return { child, exit, text: () => text };
}

describe.each(queueServers)("what is asked of a queue whose %s goes away", (_name, start) => {
  let server: QueueServer;
  beforeAll(async () => {
    server = await start();
  }, PATIENCE);
  afterAll(() => server?.stop());
  const training = { spec: { data: "/data/a.csv" }, out: "/runs/a" };

  it("is answered when it is there again; else QueueError", { timeout: 3 * PATIENCE }, async () => {
    const queue = await JobQueue.open(server.address);
    await queue.submit(training, { id: "before" });
    const watch = lowrank("jobs", "--watch", "--queue", server.address);
    const followed = lowrank("jobs", "--watch", "--queue", server.address);
    for (const { text } of [watch, followed]) await expect.poll(text, { timeout: PATIENCE }).toContain("before");
    await server.kill();
    const waiting = [queue.submit(training, { id: "meanwhile" }), queue.get("before"), queue.list()] as const;
    await sleep(2_000);
    await server.run();
    const [id, before] = await Promise.all(waiting);
    expect([id, before?.state]).toEqual(["meanwhile", "waiting"]);
    expect((await queue.list()).map((job) => job.id).toSorted()).toEqual(["before", "meanwhile"]);
    // It has not noticed.
    await expect.poll(watch.text, { timeout: PATIENCE }).toContain("meanwhile");
    await server.kill();
    // Until its clients have heard of it.
    await sleep(1_000);
    followed.child.kill("SIGINT");
    const calls = [queue.submit(training), queue.get("before"), queue.list(), queue.cancel("before"), queue.counts()];
    const errors = await Promise.all(calls.map(caught));
    for (const error of errors) {
      expect(error).toBeInstanceOf(QueueError);
      expect((error as Error).message).toMatch(
        /^JobQueue\.\w+: (redis|postgres):.* has not answered within 30 seconds/,
      );
      expect((error as QueueError).details).toMatchObject({ reason: "silent" });
    }
    await queue.close();
    expect(await followed.exit).toBe(130);
    expect(await watch.exit).toBe(1);
    expect(watch.text()).toMatch(/error: JobQueue\.list: .* has not answered within 30 seconds/);
    await server.run();
    const again = await JobQueue.open(server.address);
    expect((await again.get("before"))?.state).toBe("waiting");
    await again.close();
  });
});

describe.each(["redis", "postgres"])("where there is no %s", (scheme) => {
  let silent: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket.on("error", () => undefined)));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it("commands end by saying so", { timeout: PATIENCE }, async () => {
    const address = `${scheme}://127.0.0.1:${await freePort()}`;
    const submit = ["submit", "--data", "a.csv", "--out", "a"];
    const sweep = ["sweep", "--data", "a.csv", "--grid", "rank=4,8", "--out", "/nowhere"];
    const commands = [["jobs"], ["jobs", "--watch"], submit, sweep, ["worker"]];
    for (const { exit, text } of commands.map((args) => lowrank(...args, "--queue", address))) {
      expect(await exit, text()).toBe(1);
      expect(text()).toMatch(
        /error: .*: (redis|postgres):.* (refuses:|has not answered within 10 seconds).*ECONNREFUSED/,
      );
    }
  });

  it("but something that says nothing, that is said too", { timeout: PATIENCE }, async () => {
    const address = `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const error = await caught(JobQueue.open(address));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain("has not answered within 10 seconds");
    const { exit, text } = lowrank("jobs", "--queue", address);
    expect(await exit, text()).toBe(1);
  });
});
