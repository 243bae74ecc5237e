// @rest services
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { S3 } from "../../../scripts/servers/s3.mjs";
import { bucketStore } from "../../../ts/entry/jobs-node.js";
import { memoryStore } from "../../../ts/jobs/index.js";
import { ConfigError } from "../../../ts/errors/errors.js";
import { Bucket } from "../../../ts/io/node/bucket/bucket.js";
import { FlakyServer } from "../../io/node/download/flaky-server.js";
import { afterStep, results, run, runUntil, spec } from "../../jobs/tiny-job.js";

let s3: S3;
let flaky: FlakyServer;
beforeAll(async () => {
  s3 = await S3.start();
  flaky = await FlakyServer.before(s3.endpoint);
}, 60_000);
afterAll(async () => {
  flaky?.stop();
  await s3?.stop();
});
beforeEach(() => void (flaky.fault = () => null));

let made = 0;
const place = () => `s3://${s3.bucket}/a run/${made++}`;
const open = (address: string) => bucketStore(address, { ...s3.options, endpoint: flaky.address });
const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (found: Uint8Array | null) => (found === null ? null : new TextDecoder().decode(found));

it("keeps blobs by name: whole ones, ones that grow, none", async () => {
  const address = place();
  const store = open(address);
  const release = await store.claim();
  expect([await store.has("a"), await store.read("a"), await store.read("a", 3)]).toEqual([false, null, null]);
  await store.remove("a");
  const mine = bytes("one");
  await Promise.all([store.write({ a: mine, b: bytes("two") }), store.append("c", 0, bytes("line 1\n"))]);
  mine.fill(0);
  await store.append("c", 7, bytes("line 2\nline"));
  await store.append("c", 14, bytes("line 3\n"));
  await store.write({ b: bytes("three") });
  await store.remove("a");
  expect(store.place("b")).toBe(`${address}/b`);
  await release();
  // What another process finds.
  const { b, c, ...others } = await open(address).files();
  expect([textOf(b!), textOf(c!), others]).toEqual(["three", "line 1\nline 2\nline 3\n", {}]);
  expect(textOf(await open(address).read("c", 7))).toBe("line 1\n");
  await expect(open(address).append("c", 99, bytes("x"))).rejects.toThrow(/nothing can be appended at 99/);
});

it("is claimed by one at a time, and leaves nothing where nothing was written", async () => {
  const address = place();
  const claims = await Promise.allSettled([open(address).claim(), open(address).claim(), open(address).claim()]);
  const held = claims.filter((claim) => claim.status === "fulfilled");
  expect(held).toHaveLength(1);
  for (const claim of claims) if (claim.status === "rejected") expect(claim.reason).toBeInstanceOf(ConfigError);
  await held[0]!.value();
  const prefix = address.slice(`s3://${s3.bucket}/`.length);
  expect(await new Bucket("a test", s3.bucket, s3.options).list(`${prefix}/`)).toEqual([]);
});

it("whoever has lost it writes nothing more", async () => {
  const address = place();
  const [first, second] = [open(address), open(address)];
  await first.claim();
  await first.write({ a: bytes("mine") });
  // As after a minute without a word.
  const bucket = new Bucket("a test", s3.bucket, s3.options);
  await bucket.remove(`${address.slice(`s3://${s3.bucket}/`.length)}/claim`);
  const release = await second.claim();
  await expect(first.write({ a: bytes("late") })).rejects.toThrow(/another job has written to .* meanwhile/);
  await expect(first.append("c", 0, bytes("late"))).rejects.toBeInstanceOf(ConfigError);
  expect(textOf(await second.read("a"))).toBe("mine");
  await second.write({ a: bytes("theirs") });
  expect(textOf(await second.read("a"))).toBe("theirs");
  await release();
});

it("a run that is interrupted, on a network that fails, has the bits of an undisturbed one", async () => {
  const undisturbed = memoryStore();
  await run(spec, undisturbed);
  const address = place();
  const faults = ["lost", "refused", "busy", "lost", "cut"] as const;
  flaky.fault = ({ number }) => (number % 16 === 0 ? faults[(number / 16) % faults.length]! : null);
  await runUntil(spec, open(address), afterStep(30));
  const last = open(address);
  await run(spec, last);
  expect(results(await last.files())).toEqual(results(undisturbed.files()));
}, 60_000);

it("says what a bucket refuses by", async () => {
  await expect(bucketStore("s3://none/there", s3.options).read("a")).rejects.toThrow(
    /s3:\/\/none\/there\/run\/list\.\d answered 404 \(NoSuchBucket\)/,
  );
  await expect(bucketStore("s3://none/there", s3.options).write({ a: bytes("a") })).rejects.toThrow(/NoSuchBucket/);
  for (const [address, options, says] of [
    ["s3://bucket", {}, /s3:\/\/bucket\/folder is expected/],
    ["http://bucket/a", {}, /s3:\/\/bucket\/folder is expected/],
    ["s3://bucket/a//b", {}, /s3:\/\/bucket\/folder is expected/],
    ["s3://bucket/a", { endpoint: "nowhere" }, /endpoint is an address of http or https/],
    ["s3://bucket/a", { key: "x" }, /key/],
    ["s3://bucket/a", { accessKeyId: "" }, /keys for the bucket/],
  ] as const)
    expect(() => bucketStore(address, { ...s3.options, ...options }), address).toThrow(says);
});

it("a bucket that leads elsewhere is refused: nothing that is signed goes there", async () => {
  const reached: string[] = [];
  const leading = createServer(({ method, url, headers }, answer) => {
    if (url !== "/elsewhere") return void answer.writeHead(307, { location: "/elsewhere" }).end();
    reached.push(`${method} ${String(headers["x-amz-security-token"])}`);
    answer.end();
  });
  await new Promise<void>((resolve) => leading.listen(0, "127.0.0.1", resolve));
  try {
    const endpoint = `http://127.0.0.1:${(leading.address() as AddressInfo).port}`;
    const store = bucketStore(place(), { ...s3.options, endpoint, sessionToken: "secret" });
    await expect(store.read("a")).rejects.toThrow(/answered 307/);
    await expect(store.write({ a: bytes("one") })).rejects.toThrow(/answered 307/);
    expect(reached).toEqual([]);
  } finally {
    leading.closeAllConnections();
    leading.close();
  }
});
