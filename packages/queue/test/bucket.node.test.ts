// @rest services
import { afterAll, beforeAll, beforeEach, afterEach, expect, it, vi } from "vitest";
import { readFileSync, readdirSync } from "node:fs";
import { S3 } from "../../../scripts/servers/s3.mjs";
import { Redis } from "../../../scripts/servers/redis.mjs";
import { Bucket } from "../../../ts/io/node/bucket/bucket.js";
import { JobQueue } from "../src/job-queue.js";
import { placeAt } from "../src/attempts/place-at.js";
import { tidy } from "../src/attempts/job-attempts.js";
import { Fleet } from "./fleet.js";

let s3: S3;
let redis: Redis;
beforeAll(async () => {
  [s3, redis] = await Promise.all([S3.start(), Redis.start()]);
}, 60_000);
afterAll(() => Promise.all([s3?.stop(), redis?.stop()]));
beforeEach(() => {
  for (const [name, value] of Object.entries(s3.environment)) vi.stubEnv(name, value);
});
afterEach(() => void vi.unstubAllEnvs());
const bytes = (text: string) => new TextEncoder().encode(text);

it("of attempts that end at the same moment one is the result, whole", async () => {
  const place = placeAt(`s3://${s3.bucket}/a job`);
  expect([await place.names(), await place.result("report.json"), await place.attempts()]).toEqual([null, null, []]);
  const names = ["first", "second", "third"];
  for (const name of names)
    await place.store(name).write({ "report.json": bytes(name), "adapter.bin": bytes(`${name}!`) });
  expect(await place.attempts()).toEqual(names);
  await Promise.all(names.map((name) => place.publish(name)));
  const winner = new TextDecoder().decode((await place.result("report.json"))!);
  expect(names).toContain(winner);
  await Promise.all(names.map((name) => tidy(place, name)));
  // One that was slower, and has heard of nothing.
  await place.store("late").write({ "report.json": bytes("late") });
  await place.publish("late");
  await tidy(place, "late");
  expect((await place.names())!.toSorted()).toEqual(["adapter.bin", "report.json"]);
  expect(new TextDecoder().decode((await place.result("adapter.bin"))!)).toBe(`${winner}!`);
  expect(await place.result("none")).toBeNull();
  const keys = await new Bucket("a test", s3.bucket).list("a job/");
  const blobs = ["adapter.bin", "report.json"].map((blob) => `a job/result/${winner}/${blob}`);
  expect(keys).toEqual(["a job/result.json", ...blobs]);
});

it("the attempt of a job that still trains stays", async () => {
  const place = placeAt(`s3://${s3.bucket}/two jobs`);
  for (const name of ["fast", "slow", "dead"]) await place.store(name).write({ "report.json": bytes(name) });
  const release = await place.store("slow").claim();
  await place.publish("fast");
  await tidy(place, "fast");
  expect(await place.attempts()).toEqual(["slow"]);
  expect(await place.store("slow").has("report.json")).toBe(true);
  await release();
  await tidy(place, "fast");
  expect(await place.attempts()).toEqual([]);
});

it("of an attempt that was killed at its end, what would have been removed is no part of the result", async () => {
  const place = placeAt(`s3://${s3.bucket}/killed`);
  const blobs = { "report.json": bytes("{}"), "run.json": bytes("{}"), "checkpoint.history.jsonl": bytes("") };
  await place.store("first").write(blobs);
  // By the next attempt, and by itself where it still lives.
  await Promise.all([place.publish("first"), place.publish("first")]);
  expect(await place.names()).toEqual(["report.json"]);
});

it(
  "a job whose data, model and result lie in a bucket has the bits of one in folders",
  { timeout: 60_000 },
  async () => {
    const fleet = await Fleet.of(redis.address);
    const queue = await JobQueue.open(redis.address);
    try {
      const { model, data } = fleet.fixture;
      const bucket = new Bucket("a test", s3.bucket);
      for (const file of readdirSync(model)) await bucket.put(`model/${file}`, readFileSync(`${model}/${file}`), null);
      await bucket.put("data/examples.tsv", readFileSync(data), null);
      const { spec, out } = fleet.training("folders", 20);
      const at = (key: string) => `s3://${s3.bucket}/${key}`;
      await queue.submit({ spec, out }, { id: "folders" });
      const remote = { ...spec, model: at("model"), data: at("data/examples.tsv") };
      await queue.submit({ spec: remote, out: at("job") }, { id: "bucket" });
      fleet.start();
      const states = async () => [(await queue.get("folders"))?.state, (await queue.get("bucket"))?.state];
      await expect.poll(states, { timeout: 50_000 }).toEqual(["completed", "completed"]);
      const [inFolder, inBucket] = [(await queue.files("folders"))!, (await queue.files("bucket"))!];
      expect(Object.keys(inBucket).toSorted()).toEqual(Object.keys(inFolder).toSorted());
      const adapter = "adapter_model.safetensors";
      expect(Buffer.compare(inBucket[adapter]!, inFolder[adapter]!)).toBe(0);
      expect((await queue.get("bucket"))!.result!.out).toBe(at("job"));
      expect(await queue.files("none")).toBeNull();
      await queue.submit({ spec: remote, out: at("job") }, { id: "again" });
      await expect.poll(async () => (await queue.get("again"))?.result?.steps, { timeout: 50_000 }).toBe(20);
      expect(await queue.logs("again")).toEqual([
        expect.stringMatching(/s3:.* already has a result: nothing is trained$/),
      ]);
    } finally {
      await fleet.end();
      await queue.close();
    }
  },
);
