import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { root } from "../../scripts/setup/paths.mjs";
import {
  createEngine,
  type Engine,
  type FileMap,
  Graph,
  MemoryError,
  SentenceEncoder,
  type Tensor,
  TextClassifier,
} from "../../ts/index.js";
import { AdapterServer, type AdapterStore, type ServeOptions } from "../../ts/serve/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { expected, tenants, texts } from "./tenants.js";

// Over HTTP, as clients meet them: answers that come too late, memory that is full, and what is nobody's mistake but a program's.

/** As much as an engine may have at least. */
const MEMORY = 2 ** 24;

let engine: Engine;
let encoder: SentenceEncoder;
let made: ReturnType<typeof tenants>;
let http: Server | undefined;
let server: AdapterServer;
let url: string;
let told: unknown[];

beforeEach(async () => {
  engine = await createEngine({ build: "simd", threads: 1, maximumMemory: MEMORY });
  encoder = await SentenceEncoder.load(await tinyEncoder(), { seed: 3, engine });
  made = tenants(encoder, 6);
  told = [];
});
afterEach(async () => {
  http?.closeAllConnections();
  http?.close();
  await server.close();
  encoder.dispose();
  await engine.close();
});

/** The handler behind Node's http, as the example has it. */
async function serve(options: ServeOptions = {}, store: AdapterStore = made.store): Promise<void> {
  const bridge = join(root, "examples/node-server/src/http-bridge.js");
  const { serverOf } = (await import(/* @vite-ignore */ pathToFileURL(bridge).href)) as {
    serverOf: (handle: (request: Request) => Promise<Response>) => Server;
  };
  server = new AdapterServer(encoder, store, { onError: (error) => told.push(error), ...options });
  http = serverOf(server.fetch);
  await once(http.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

const ask = async (path: string, fields: object) => {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};
const classify = (tenant: number, asked: readonly string[] = texts) =>
  ask("/classify", { tenant: `tenant-${tenant}`, version: "v1", texts: asked });

/** Asserts that an answer is that refusal, and nothing else. */
function refused(answer: Awaited<ReturnType<typeof ask>>, status: number, code: string, again: string | null) {
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.headers.get("retry-after")).toBe(again);
  expect({ ...answer, status: answer.status }).toMatchObject({ status, body: { type: "about:blank", status, code } });
  expect(answer.body.detail).toMatch(/\w/);
}

/** Asserts that what was refused has left nothing, and the next request is answered rightly. */
async function answersAgain(tenant: number) {
  expect(server.status).toMatchObject({ status: "ok", requests: 0, waiting: 0 });
  const { status, body } = await classify(tenant);
  expect([status, body.predictions]).toEqual([200, await expected(encoder, made.files[tenant]!, texts)]);
}

/** What a program does that gives its thread no turn. */
function hold(milliseconds: number) {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

const tooLong = 2_000;
/** Passes of many tokens, several of them. */
const long = Array.from({ length: 64 }, () => "good film ".repeat(60));

it("TIME: texts that wait for the encoder when their time is over", async () => {
  let holds = 1;
  await serve({ timeout: tooLong }, { ...made.store, done: () => void (holds-- > 0 && hold(tooLong + 200)) });
  const late = await classify(1, long);
  refused(late, 503, "TIME", "1");
  expect(late.body.detail).toBe(`there was no answer within ${tooLong} ms; ask again in a moment`);
  // Being busy is no failure that a log is to hear of; what was loaded stays.
  expect([told, server.status.adapters]).toEqual([[], 1]);
  await answersAgain(1);
});

it("AUTHORIZE_TIME: an `authorize` that gives no answer; the store is not asked, nor said to have been", async () => {
  const asked: string[] = [];
  const hear = (tenant: string) => (asked.push(tenant), null);
  const never = new Promise<boolean>(() => undefined);
  await serve({ timeout: 500, authorize: () => never }, { files: hear, current: hear });
  const late = await classify(2);
  refused(late, 504, "AUTHORIZE_TIME", null);
  expect(late.body.detail).toBe("whether this request may use the adapter was not known within 500 ms");
  expect([asked, told]).toEqual([[], [expect.objectContaining({ code: "AUTHORIZE_TIME" })]]);
  expect(server.status.requests).toBe(0);
});

describe("INTERNAL", () => {
  it.each([
    ["throws", () => ({}) as { user: { name: string } }],
    ["rejects", () => Promise.reject(new TypeError("password: hunter2"))],
  ])("an `authorize` that %s is the program's mistake: its log hears of it, the client does not", async (_, fails) => {
    let broken = true;
    const authorize = async () => broken && (await fails()).user.name !== "nobody";
    await serve({ authorize: () => (broken ? authorize() : true) });
    const answer = await classify(2);
    refused(answer, 500, "INTERNAL", null);
    expect(answer.body).toEqual({
      type: "about:blank",
      title: "Internal Server Error",
      status: 500,
      code: "INTERNAL",
      detail: "the server failed; its log says how",
    });
    expect(told).toEqual([expect.any(TypeError)]);
    broken = false;
    await answersAgain(2);
  });
});

describe("MEMORY", () => {
  const tensor = (floats: number): Tensor => ({ shape: [floats], data: new Float32Array(floats) });

  /** Takes what there is of the engine's memory, as other work of the program may. Gives it back. */
  function fill(): () => void {
    const graph = new Graph({ engine });
    for (let floats = 2 ** 22; floats >= 16;) {
      try {
        graph.constant(tensor(floats));
      } catch (error) {
        expect(error).toBeInstanceOf(MemoryError);
        floats >>= 1;
      }
    }
    return () => graph.dispose();
  }

  it("where memory is full of other work: to be asked again, and answered once there is room", async () => {
    await serve();
    const before = engine.info.memory.used;
    const give = fill();
    refused(await classify(0), 503, "MEMORY", "1");
    expect(server.status).toMatchObject({ requests: 0, waiting: 0, adapters: 0 });
    give();
    expect(engine.info.memory.used).toBe(before);
    await answersAgain(0);
  });

  it("of a pass as of an adapter, where the one adapter is in use", async () => {
    await serve();
    expect((await classify(0, [])).status).toBe(200);
    const give = fill();
    refused(await classify(0, long), 503, "MEMORY", "1");
    give();
    await answersAgain(0);
  });

  it("where memory is full of adapters that nobody asks for now: they make room, though fewer than may be are in it", async () => {
    const files = largeAdapter();
    const predictions = await expected(encoder, files, ["good"]);
    await serve({}, { files: () => files });
    let most = 0;
    for (let tenant = 0, last = 0; tenant < last + 50; tenant++) {
      const { body } = await classify(tenant, ["good"]);
      expect(body).toEqual({ tenant: `tenant-${tenant}`, version: "v1", predictions });
      const { adapters } = server.status;
      if (adapters > most) [most, last] = [adapters, tenant];
    }
    expect(most).toBeGreaterThan(10);
  });

  it("they make room for a pass too", async () => {
    const files = largeAdapter();
    await serve({}, { files: () => files });
    // No pass was made yet, whose memory the next would have.
    for (let tenant = 0; tenant < 20; tenant++) expect((await classify(tenant, [])).status).toBe(200);
    expect(server.status.adapters).toBe(20);
    const give = fill();
    const { body } = await classify(0, long);
    expect(server.status.adapters).toBeLessThan(20);
    give();
    expect(body.predictions).toEqual(await expected(encoder, files, long));
  });

  /** A classifier that takes more than a sixtieth of it. */
  function largeAdapter(): FileMap {
    using classifier = TextClassifier.create(encoder, { labels: ["good", "bad"], lora: { rank: 256 } });
    return classifier.save();
  }
});
