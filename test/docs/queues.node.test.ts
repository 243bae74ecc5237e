// @rest services
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Redis } from "../../scripts/servers/redis.mjs";
import { root } from "../../scripts/setup/paths.mjs";
import { Consumer } from "../packaging/consumer.js";
import { type Fixture, makeFixture } from "../cli/fixture.js";
import { example } from "./examples.js";

const page = readFileSync(join(root, "docs/queues.md"), "utf8");

let consumer: Consumer;
let fixture: Fixture;
let redis: Redis;
beforeAll(async () => {
  [fixture, redis] = await Promise.all([makeFixture(), Redis.start()]);
  consumer = new Consumer();
});
afterAll(async () => {
  rmSync(consumer.folder, { recursive: true });
  await Promise.all([fixture.remove(), redis.stop()]);
});

it("docs/queues.md's program trains what it has submitted; the command says what to install", () => {
  cpSync(fixture.data, join(consumer.folder, "reviews.csv"));
  consumer.write("queue.js", `process.env.LOWRANK_QUEUE = "${redis.address}";\n${example(page, "queue")}`);
  expect(() => consumer.run("node", "node_modules/lowrank/dist/cli.js", "worker")).toThrow(
    "`lowrank worker` is in the package @lowrank/queue, which is not installed: npm install @lowrank/queue",
  );
  consumer.install("packages/queue", "@lowrank/queue");
  expect(consumer.run("node", "queue.js")).toBe("mine begin\nmine completed\ncompleted runs/mine 20\n");
});
