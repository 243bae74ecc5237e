import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { engineInfo } from "../../ts/engine/engine.js";
import type { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { TextClassifier } from "../../ts/tasks/classify/text-classifier.js";
import { AdapterServer } from "../../ts/serve/index.js";
import { expected, post, tenants, texts, tiny } from "./tenants.js";

let encoder: SentenceEncoder;
beforeEach(async () => void (encoder = await tiny()));
afterEach(() => encoder.dispose());

const ask = async (server: AdapterServer, path: string, body: unknown) => {
  const response = await server.fetch(post(path, body));
  return { status: response.status, body: await response.json() };
};

describe("answers", () => {
  it("/classify gives what predict gives, to the bit, for all tenants that ask at once", async () => {
    const { files, store } = tenants(encoder, 12);
    const server = new AdapterServer(encoder, store);
    const asked = Array.from({ length: 40 }, (_, i) => ({ tenant: i % 12, texts: texts.slice(i, i + 1 + (i % 4)) }));
    const answers = await Promise.all(
      asked.map((one) => ask(server, "/classify", { tenant: `tenant-${one.tenant}`, texts: one.texts })),
    );
    for (const [i, { status, body }] of answers.entries()) {
      const { tenant, texts } = asked[i]!;
      expect(status).toBe(200);
      const predictions = await expected(encoder, files[tenant]!, texts);
      expect(body).toEqual({ tenant: `tenant-${tenant}`, version: "v1", predictions });
    }
    await server.close();
  });

  it("/embed gives what encode gives, under a classifier's adapter and of the base, in a pass with /classify", async () => {
    const { files, store } = tenants(encoder, 3);
    const server = new AdapterServer(encoder, store);
    const [own, base, unit, classes] = await Promise.all([
      ask(server, "/embed", { tenant: "tenant-1", version: "v1", texts }),
      ask(server, "/embed", { texts }),
      ask(server, "/embed", { tenant: "tenant-2", normalize: true, texts }),
      ask(server, "/classify", { tenant: "tenant-2", texts }),
    ]);
    const vectors = async (number: number, normalize: boolean) => {
      using classifier = TextClassifier.load(encoder, files[number]!);
      const rows = await encoder.encode(texts, { adapter: classifier.adapter, normalize });
      return rows.map((row) => [...row]);
    };
    expect(own.body).toEqual({ tenant: "tenant-1", version: "v1", vectors: await vectors(1, false) });
    expect(unit.body.vectors).toEqual(await vectors(2, true));
    expect(base.body).toEqual({ vectors: (await encoder.encode(texts, { adapter: null })).map((row) => [...row]) });
    expect(classes.body.predictions).toEqual(await expected(encoder, files[2]!, texts));
    await server.close();
  });

  it("an adapter without a head gives vectors, and says that it cannot classify", async () => {
    encoder.addAdapter("plain", { rank: 2 });
    encoder.setAdapter(null);
    const files = encoder.saveAdapter("plain");
    const server = new AdapterServer(encoder, { files: () => files });
    const asked = { tenant: "a", version: "1.0", texts: ["good"] };
    expect((await ask(server, "/embed", asked)).status).toBe(200);
    expect(await ask(server, "/classify", asked)).toMatchObject({ status: 422, body: { code: "NO_CLASSIFIER" } });
    expect(encoder.adapters().filter(({ active }) => active)).toEqual([]);
    await server.close();
  });

  it("an adapter whose head its store did not have yet is asked for again", async () => {
    const { files } = tenants(encoder, 1);
    const whole = files[0]!;
    const isHead = (name: string) => name === "labels.json" || name === "head.safetensors";
    const part = Object.fromEntries(Object.entries(whole).filter(([name]) => !isHead(name)));
    const seen = [part, whole];
    const server = new AdapterServer(encoder, { files: () => seen.shift() ?? null });
    const asked = { tenant: "a", version: "v1", texts: ["good"] };
    expect(await ask(server, "/classify", asked)).toMatchObject({ status: 422, body: { code: "NO_CLASSIFIER" } });
    const predictions = await expected(encoder, whole, asked.texts);
    expect(await ask(server, "/classify", asked)).toEqual({
      status: 200,
      body: { tenant: "a", version: "v1", predictions },
    });
    await server.close();
  });

  it("/health answers GET and HEAD, no texts are no work", async () => {
    const { store } = tenants(encoder, 1);
    const server = new AdapterServer(encoder, store);
    const at = (method: string) => server.fetch(new Request("http://localhost/health", { method }));
    expect(await (await at("GET")).json()).toEqual({ ...server.status, status: "ok", adapters: 0 });
    expect(await (await at("HEAD")).text()).toBe("");
    expect((await at("POST")).headers.get("allow")).toBe("GET, HEAD");
    expect((await ask(server, "/classify", { tenant: "tenant-0", texts: [] })).body.predictions).toEqual([]);
    await server.close();
    expect((await at("GET")).status).toBe(503);
  });
});

describe("memory", () => {
  it("holds as many adapters as fit, lets go of those used longest ago, and gives all back at the end", async () => {
    const { files, store, reads } = tenants(encoder, 20);
    const before = engineInfo().memory.used;
    const cacheBytes = 64_000;
    const server = new AdapterServer(encoder, store, { cacheBytes });
    let most = 0;
    for (let i = 0; i < 60; i++) {
      const number = (i * 7) % 20;
      const { body } = await ask(server, "/classify", { tenant: `tenant-${number}`, texts: [texts[i % 40]] });
      expect(body.predictions).toEqual(await expected(encoder, files[number]!, [texts[i % 40]!]));
      const { adapterBytes, adapters } = server.status;
      expect(adapterBytes).toBeLessThanOrEqual(cacheBytes);
      most = Math.max(most, adapters);
      // What is counted is what they take.
      expect(engineInfo().memory.used - before).toBe(adapterBytes);
    }
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThan(20);
    expect(reads.length).toBeGreaterThan(20);
    const last = reads.length;
    await ask(server, "/classify", { tenant: `tenant-${(59 * 7) % 20}`, texts: ["good"] });
    expect(reads).toHaveLength(last);
    await server.close();
    expect(engineInfo().memory.used).toBe(before);
    expect(encoder.adapters()).toEqual([]);
  });

  it("who asks for an adapter that is being fetched waits for the same files", async () => {
    const { store, reads } = tenants(encoder, 1);
    const server = new AdapterServer(encoder, store);
    const all = Array.from({ length: 10 }, () => ask(server, "/classify", { tenant: "tenant-0", texts: ["bad"] }));
    expect(new Set((await Promise.all(all)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(reads).toEqual(["tenant-0/v1"]);
    expect([server.forget("tenant"), server.forget("tenant-0", "v2"), server.forget("tenant-0")]).toEqual([0, 0, 1]);
    await server.close();
  });

  it("a store hears of files that were read, or could not be, and may wipe them", async () => {
    const { files, store } = tenants(encoder, 2);
    const broken = { ...files[1]!, "adapter_model.safetensors": new Uint8Array(3) };
    const given = [{ ...files[0]! }, broken].map((map) =>
      Object.fromEntries(Object.entries(map).map(([name, bytes]) => [name, bytes.slice()])),
    );
    const heard: unknown[] = [];
    const onError: unknown[] = [];
    const server = new AdapterServer(
      encoder,
      {
        ...store,
        files: (tenant) => given[tenant === "tenant-0" ? 0 : 1]!,
        done(read) {
          heard.push(read);
          for (const bytes of Object.values(read)) bytes.fill(255);
          throw new Error("of the store");
        },
      },
      { onError: (error) => onError.push(String(error)) },
    );
    const asked = (tenant: string) => ask(server, "/classify", { tenant, texts });
    const answer = await asked("tenant-0");
    expect(answer.body.predictions).toEqual(await expected(encoder, files[0]!, texts));
    expect(await asked("tenant-0")).toEqual(answer);
    expect((await asked("tenant-1")).status).toBeGreaterThan(499);
    expect(heard).toEqual(given);
    expect(onError.filter((error) => error === "Error: of the store")).toHaveLength(2);
    await server.close();
  });

  it("an adapter in use is not evicted: who finds no room is told to come again", async () => {
    const { files, store } = tenants(encoder, 2);
    const large = new AdapterServer(encoder, store);
    await ask(large, "/classify", { tenant: "tenant-1", texts });
    const cacheBytes = large.status.adapterBytes;
    await large.close();
    const server = new AdapterServer(encoder, store, { cacheBytes });
    const answers = await Promise.all([0, 1].map((i) => ask(server, "/classify", { tenant: `tenant-${i}`, texts })));
    const place = answers.findIndex(({ status }) => status === 200);
    expect(answers[1 - place]).toMatchObject({ status: 503, body: { code: "BUSY", maximum: cacheBytes } });
    expect(answers[place]!.body.predictions).toEqual(await expected(encoder, files[place]!, texts));
    expect((await ask(server, "/classify", { tenant: "tenant-1", texts })).status).toBe(200);
    await server.close();
  });
});
