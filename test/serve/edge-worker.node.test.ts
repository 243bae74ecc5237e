// @rest consumers
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  AbortError,
  createEngine,
  type Engine,
  type FileMap,
  readSafetensors,
  SentenceEncoder,
  writeSafetensors,
} from "../../ts/index.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { ExampleFolder } from "./example-folder.js";
import { classifierFiles, expected } from "./tenants.js";

const TENANTS = 40;

let folder: ExampleFolder;
let engine: Engine;
let encoder: SentenceEncoder;
let model: FileMap;
let classifiers: FileMap[];
let worker: { url: string; end(): Promise<void> };

beforeAll(async () => {
  const files = await tinyEncoder();
  const weights = readSafetensors(files["model.safetensors"]!);
  const floats = weights.names.filter((name) => weights.info(name).dtype === "F32");
  const tensors = floats.map((name) => [name, weights.tensor(name)] as const);
  model = { ...files, "model.safetensors": writeSafetensors(tensors, { format: "pt" }, { dtype: "F16" }) };
  // The simd build gives the same bits wherever it runs.
  engine = await createEngine({ build: "simd", threads: 1 });
  encoder = await SentenceEncoder.load(model, { engine, weights: "auto", packedCopies: 0 });
  classifiers = Array.from({ length: TENANTS }, (_, i) => classifierFiles(encoder, i));
  folder = new ExampleFolder("edge-worker", ["miniflare", "esbuild"]);
  worker = await start();
}, 300_000);

afterAll(async () => {
  await worker?.end();
  encoder.dispose();
  await engine.close();
  rmSync(folder.folder, { recursive: true });
});

/** The example in workerd, its bucket and namespace filled. */
async function start(kv = true) {
  const { putFiles, startLocal } = await folder.import("local.mjs");
  return startLocal({
    kv,
    vars: { MODEL: "tiny", BUILD: "simd", MEASURE: "1" },
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    async fill(models: any, namespace: any) {
      await putFiles(models, "tiny", model);
      const [place, before] = kv ? [namespace, ""] : [models, "adapters/"];
      // One tenant after the other: hundreds of connections at once are reset.
      for (const [i, files] of classifiers.entries()) {
        await putFiles(place, `${before}tenant-${i}/v1`, files);
        await place.put(`${before}tenant-${i}/current`, "v1\n");
      }
    },
  });
}

/** Once more where the server has closed a connection that was kept, as every client that keeps some does. */
const post = (path: string, body: unknown, init: RequestInit = {}) => {
  const ask = () =>
    fetch(`${worker.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
    });
  return ask().catch((error: Error) => {
    const { code } = (error.cause ?? {}) as { code?: string };
    if (["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(code ?? "")) return ask();
    throw error;
  });
};

const memory = async () => (await (await fetch(`${worker.url}/memory`)).json()).memory;

it("gives Node's answers to the bit, from KV and from R2", async () => {
  const asked = ["The film was very good, it is bright.", "bad"];
  const answer = { tenant: "tenant-3", version: "v1", predictions: await expected(encoder, classifiers[3]!, asked) };
  const vectors = (await encoder.encode(asked, { adapter: null })).map((row) => [...row]);
  expect(await (await post("/classify", { tenant: "tenant-3", texts: asked })).json()).toEqual(answer);
  expect(await (await post("/embed", { texts: asked })).json()).toEqual({ vectors });
  const [kv, r2] = [worker, await start(false)];
  worker = r2;
  try {
    expect(await (await post("/classify", { tenant: "tenant-3", texts: asked })).json()).toEqual(answer);
  } finally {
    worker = kv;
    await r2.end();
  }
});

it("under load: no wrong answer, and memory that stays as it is", { timeout: 300_000 }, async () => {
  const { load } = await folder.import("load.mjs");
  const expect_ = (tenant: number, texts: string[]) => expected(encoder, classifiers[tenant]!, texts);
  const run = (requests: number) => load(worker.url, { tenants: TENANTS, requests, atOnce: 16, expect: expect_ });
  const first = await run(300);
  const { reserved } = await memory();
  const second = await run(600);
  for (const { wrong, refused } of [first, second]) expect([wrong, [...refused]]).toEqual([[], []]);
  expect([first.answered, second.answered]).toEqual([300, 600]);
  // A pass of a shape that none had before may take one more of the steps by which memory grows; what leaked would take many.
  expect((await memory()).reserved - reserved).toBeLessThanOrEqual(2 ** 20);
  const status = await (await fetch(`${worker.url}/health`)).json();
  expect(status).toMatchObject({ status: "ok", requests: 0, waiting: 0, adapters: TENANTS });
});

it("refuses what it should, as problem details", async () => {
  const cases: [unknown, number, string][] = [
    ["{", 400, "FORMAT"],
    [{ tenant: "../tenant-1", texts: [] }, 422, "CONFIG"],
    [{ tenant: "tenant-1/v1", texts: [] }, 422, "CONFIG"],
    [{ tenant: "tenant-1", version: "..", texts: [] }, 422, "CONFIG"],
    [{ tenant: "tenant-999", texts: ["a"] }, 404, "TENANT"],
    [{ tenant: "tenant-1", version: "v9", texts: ["a"] }, 404, "TENANT"],
    [{ tenant: "tenant-1", texts: ["a".repeat(200_000)] }, 413, "BODY_SIZE"],
    [{ tenant: "tenant-1", texts: 3 }, 422, "CONFIG"],
  ];
  for (const [body, status, code] of cases) {
    const response = await post("/classify", body);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status, code });
  }
  expect((await fetch(`${worker.url}/classify`)).status).toBe(405);
});

it("clients that go away, before or after their body, hold nobody up", async () => {
  const texts = Array.from({ length: 64 }, () => "good film ".repeat(60));
  const left = Array.from({ length: 20 }, (_, i) => {
    const abort = new AbortController();
    const asked = post("/classify", { tenant: `tenant-${i}`, texts }, { signal: abort.signal }).catch(() => null);
    setTimeout(() => abort.abort(), 2 * i);
    return asked;
  });
  const { hostname, port } = new URL(worker.url);
  for (let i = 0; i < 5; i++) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write(
      `POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"tenant":`,
      () => socket.destroy(),
    );
  }
  const asked = ["it was grim"];
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, i) => post("/classify", { tenant: `tenant-${i}`, texts: asked })),
  );
  for (const [i, response] of answers.entries()) {
    const { predictions } = await response.json();
    expect(predictions).toEqual(await expected(encoder, classifiers[i]!, asked));
  }
  await Promise.all(left);
});

// Last: between two requests it is quiet for seconds, in which the server may close a connection that the next would go by.
it("a bucket that gives no answer, or a part of one, ends a load by name, and the next one has its memory", async () => {
  const { r2Model } = await folder.import("src/r2-model.js");
  const used = () => engine.info.memory.used;
  const before = used();
  const weights = "tiny/model.safetensors";
  let stuck = "";
  const bucket = (answer: (body: Uint8Array) => unknown) => ({
    head: async (key: string) => {
      const file = model[key.slice("tiny/".length)];
      return file === undefined ? null : { size: file.length, etag: "one" };
    },
    get: async (key: string, { range }: { range: { offset: number; length: number } }) => {
      const body = model[key.slice("tiny/".length)]!.slice(range.offset, range.offset + range.length);
      const arrayBuffer = async () => (key === weights ? answer(body) : body.buffer);
      return { body, arrayBuffer };
    },
  });
  const abort = new AbortController();
  const hanging = bucket(() => {
    stuck = weights;
    setTimeout(() => abort.abort(new Error("it takes too long")));
    return new Promise(() => undefined);
  });
  const load = (from: unknown, signal?: AbortSignal) =>
    SentenceEncoder.load(r2Model(from, "tiny", signal), { engine, weights: "auto", ...(signal && { signal }) });
  await expect(load(hanging, abort.signal)).rejects.toThrow(AbortError);
  expect(stuck).toBe(weights);
  await expect(load(bucket((body) => body.slice(0, 64).buffer))).rejects.toThrow(/expected \d+ bytes from \d+/);
  expect(used()).toBe(before);
  const loaded = await load(bucket((body) => body.buffer));
  expect(await loaded.encode(["good"])).toEqual(await encoder.encode(["good"], { adapter: null }));
  loaded.dispose();
  expect(used()).toBe(before);
});
