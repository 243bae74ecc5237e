import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineInfo } from "../../ts/engine/engine.js";
import type { SentenceEncoder } from "../../ts/models/sentence/sentence-encoder.js";
import { AdapterServer, type AdapterStore, type ServeOptions } from "../../ts/serve/index.js";
import { expected, post, tenants, texts, tiny } from "./tenants.js";

let encoder: SentenceEncoder;
let made: ReturnType<typeof tenants>;
beforeAll(async () => {
  encoder = await tiny();
  made = tenants(encoder, 6);
});
afterAll(() => encoder.dispose());

const serve = (options: ServeOptions = {}, store: AdapterStore = made.store) =>
  new AdapterServer(encoder, store, options);

/** What came of a request; every refusal is problem details. */
async function answer(server: AdapterServer, request: Request) {
  const response = await server.fetch(request);
  const body = await response.json();
  if (response.status >= 400) {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ type: "about:blank", status: response.status });
    expect(body.title).toMatch(/^\w+/);
    expect(body.detail).toMatch(/\w/);
  }
  return { status: response.status, code: body.code as string, body, headers: response.headers };
}

const classify = (fields: object, init?: RequestInit) =>
  post("/classify", { tenant: "tenant-0", texts, ...fields }, init);
const raw = (body: BodyInit, headers: HeadersInit = { "content-type": "application/json" }) =>
  new Request("http://localhost/classify", { method: "POST", headers, body });

describe("requests that are refused", () => {
  const json = { "content-type": "application/json" };
  it.each<[string, () => Request, number, string]>([
    ["another address", () => post("/classify/", {}), 404, "PATH"],
    ["a name of every object", () => post("/constructor", {}), 404, "PATH"],
    ["another method", () => new Request("http://localhost/classify"), 405, "METHOD"],
    ["no type", () => raw(new Uint8Array([123, 125]), {}), 415, "MEDIA_TYPE"],
    ["a form", () => raw("a=b", { "content-type": "application/x-www-form-urlencoded" }), 415, "MEDIA_TYPE"],
    ["a packed body", () => raw("{}", { ...json, "content-encoding": "gzip" }), 415, "MEDIA_TYPE"],
    ["no body", () => raw(""), 400, "FORMAT"],
    ["half of it", () => raw('{"tenant":"tenant-0","texts":["a"'), 400, "FORMAT"],
    ["a list", () => raw("[]"), 400, "FORMAT"],
    ["bytes that are no text", () => raw(new Uint8Array([123, 34, 255, 34, 125])), 400, "FORMAT"],
    ["a thousand lists in each other", () => raw("[".repeat(1000) + "]".repeat(1000)), 400, "FORMAT"],
    ["a key twice", () => raw('{"tenant":"tenant-0","tenant":"tenant-1","texts":[]}'), 400, "FORMAT"],
    ["an unknown field", () => classify({ text: "a" }), 422, "CONFIG"],
    ["a field of every object", () => raw('{"__proto__":{"tenant":"tenant-0"},"texts":[]}'), 422, "CONFIG"],
    ["no tenant", () => post("/classify", { texts }), 422, "CONFIG"],
    ["no texts", () => classify({ texts: undefined }), 422, "CONFIG"],
    ["a text for texts", () => classify({ texts: "good" }), 422, "CONFIG"],
    ["numbers for texts", () => classify({ texts: ["good", 1] }), 422, "CONFIG"],
    ["a version without a tenant", () => post("/embed", { version: "v1", texts }), 422, "CONFIG"],
    ["normalize as text", () => post("/embed", { normalize: "no", texts }), 422, "CONFIG"],
    ["too many texts", () => classify({ texts: new Array(65).fill("good") }), 422, "LIMIT"],
    ["a text that is too long", () => classify({ texts: ["a".repeat(10_001)] }), 422, "LIMIT"],
    ["a large body", () => classify({ texts: ["a".repeat(300_000)] }), 413, "BODY_SIZE"],
    ["an unknown tenant", () => classify({ tenant: "tenant-99" }), 404, "TENANT"],
    ["an unknown version", () => classify({ version: "v2" }), 404, "TENANT"],
  ])("%s", async (_, request, status, code) => {
    const server = serve();
    expect(await answer(server, request())).toMatchObject({ status, code });
    expect(server.status).toMatchObject({ requests: 0, waiting: 0, adapters: 0 });
    await server.close();
  });

  const paths = [
    "..",
    ".",
    "../tenant-0",
    "tenant-0/v1",
    "a/../b",
    "a\\b",
    "/etc/passwd",
    "a%2fb",
    "a\u0000",
    "a b",
    "a..b",
    "a.",
    "",
    "A",
    "é",
    "тenant-0",
    "-a",
    "_a",
    ".a",
    "a:b",
    "a\nb",
    "__proto__",
    "a".repeat(65),
    "~",
    "$a",
    "‮a",
  ];
  it("names that are no names never reach the store", async () => {
    const seen: string[] = [];
    const hear = (...names: string[]) => (seen.push(...names), null);
    const server = serve({}, { files: hear, current: hear });
    for (const name of paths) {
      for (const fields of [{ tenant: name }, { version: name }]) {
        expect(await answer(server, classify(fields))).toMatchObject({ status: 422, code: "CONFIG" });
      }
    }
    for (const value of [1, true, {}, ["tenant-0"], { toString: "a" }])
      expect(await answer(server, classify({ tenant: value }))).toMatchObject({ status: 422, code: "CONFIG" });
    expect(seen).toEqual([]);
    await answer(server, classify({ tenant: "a-b_c.d", version: "1.2.0" }));
    expect(seen).toEqual(["a-b_c.d", "1.2.0"]);
    await server.close();
  });

  it("a body without a length is read no further than it may be", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1024).fill(32 + 0 * ++sent)),
    });
    const server = serve({ maxBodyBytes: 10_000 });
    const request = new Request("http://localhost/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect(await answer(server, request)).toMatchObject({ status: 413, code: "BODY_SIZE" });
    expect(sent).toBeLessThan(20);
    await server.close();
  });

  it("whom `authorize` refuses learns nothing of the tenant", async () => {
    const asked: unknown[] = [];
    const server = serve({
      authorize: ({ headers }, { operation, tenant, version }) => {
        asked.push([operation, tenant, version]);
        return headers.get("authorization") === `Bearer ${tenant}`;
      },
    });
    const bearer = (tenant: string) => ({ "content-type": "application/json", authorization: `Bearer ${tenant}` });
    const [there, missing] = await Promise.all(
      ["tenant-1", "tenant-99"].map((tenant) => answer(server, classify({ tenant }, { headers: bearer("tenant-0") }))),
    );
    expect(there!.body).toEqual(missing!.body);
    expect(there).toMatchObject({ status: 403, code: "FORBIDDEN" });
    expect((await answer(server, classify({}, { headers: bearer("tenant-0") }))).status).toBe(200);
    expect(asked).toEqual(expect.arrayContaining([["classify", "tenant-1", null]]));
    await server.close();
  });
});

describe("more than there is room for", () => {
  it("requests and texts beyond the most wait for nobody: 503, and when to come again", async () => {
    const server = serve({ maxRequests: 3, maxWaiting: 50, maxTexts: 42 });
    const all = await Promise.all(Array.from({ length: 5 }, () => answer(server, classify({}))));
    expect(all.map(({ status }) => status)).toEqual([200, 503, 503, 503, 503]);
    for (const { code, headers } of all.slice(1)) {
      expect(code).toBe("BUSY");
      expect(headers.get("retry-after")).toBe("1");
    }
    expect((await answer(server, classify({}))).status).toBe(200);
    await server.close();
  });

  it("a short request is answered before a long one that came first", async () => {
    const server = serve();
    const long = Array.from({ length: 60 }, () => "good film ".repeat(100));
    const order: string[] = [];
    await Promise.all([
      answer(server, classify({ texts: long })).then(() => order.push("long")),
      answer(server, classify({ tenant: "tenant-1", texts: ["bad"] })).then(() => order.push("short")),
    ]);
    expect(order).toEqual(["short", "long"]);
    await server.close();
  });
});

describe("what fails", () => {
  const never = new Promise<never>(() => undefined);

  it("a store that throws or hangs, and files that are damaged, are one tenant's trouble; nothing is told of a cause", async () => {
    const errors: unknown[] = [];
    const secret = new Error("password: hunter2");
    const damaged = { ...made.files[1]!, "head.safetensors": new Uint8Array(9) };
    const store: AdapterStore = {
      files: (tenant) => {
        if (tenant === "thrown") throw secret;
        if (tenant === "hanging") return never;
        return tenant === "damaged" ? damaged : made.files[0]!;
      },
    };
    const server = serve({ onError: (error) => errors.push(error), timeout: 2_000 }, store);
    const at = (tenant: string) => answer(server, classify({ tenant, version: "v1" }));
    const [thrown, hanging, broken, fine] = await Promise.all(["thrown", "hanging", "damaged", "fine"].map(at));
    expect(thrown).toMatchObject({ status: 502, code: "STORE" });
    expect(JSON.stringify(thrown)).not.toContain("hunter2");
    expect(hanging).toMatchObject({ status: 504, code: "STORE_TIME" });
    expect(broken).toMatchObject({ status: 500, code: "FORMAT" });
    expect(fine!.body.predictions).toEqual(await expected(encoder, made.files[0]!, texts));
    expect(errors).toContain(secret);
    expect(server.status).toMatchObject({ requests: 0, adapters: 1 });
    await server.close();
  });

  it("an adapter whose numbers overflow fails its own requests and no other in the same pass", async () => {
    const bad = await (async () => {
      const { TextClassifier } = await import("../../ts/tasks/classify/text-classifier.js");
      using classifier = TextClassifier.load(encoder, made.files[1]!, { adapter: "large" });
      const { shape, data } = encoder.graph.value(classifier.head.weight);
      encoder.graph.setValue(classifier.head.weight, { shape, data: data.map(() => 3e38) });
      return classifier.save();
    })();
    const server = serve({}, { files: (tenant) => (tenant === "bad" ? bad : made.files[2]!) });
    const at = (tenant: string) => answer(server, classify({ tenant, version: "v1" }));
    const [overflown, fine] = await Promise.all([at("bad"), at("fine")]);
    expect(overflown).toMatchObject({ status: 500, code: "NON_FINITE" });
    expect(fine.body.predictions).toEqual(await expected(encoder, made.files[2]!, texts));
    await server.close();
  });

  it("a store that hung once is asked again, and what comes late then changes nothing", async () => {
    const late: ((files: (typeof made.files)[number]) => void)[] = [];
    const files = () => (late.length < 2 ? new Promise<never>((come) => late.push(come as never)) : made.files[0]!);
    // As long as a busy machine may take for what is answered.
    const server = serve({ timeout: 1_500 }, { files });
    const ask = () => answer(server, classify({ version: "v1" }));
    // Both wait for the same files.
    for (const { code } of await Promise.all([ask(), ask()])) expect(code).toBe("STORE_TIME");
    expect(late).toHaveLength(1);
    expect((await ask()).code).toBe("STORE_TIME");
    const right = await ask();
    expect(right.body.predictions).toEqual(await expected(encoder, made.files[0]!, texts));
    for (const come of late) come(made.files[0]!);
    expect((await ask()).body.predictions).toEqual(right.body.predictions);
    expect([late.length, server.status.adapters]).toEqual([2, 1]);
    await server.close();
  });

  it("a timeout longer than a clock counts is none", async () => {
    const server = serve({ timeout: 1e12 });
    expect((await answer(server, classify({}))).status).toBe(200);
    await server.close();
  });

  it("a client that goes away is let go of at once, whatever it waited for, and leaves nothing", async () => {
    const before = engineInfo().memory.used;
    const { store } = made;
    const abort = new AbortController();
    const { signal } = abort;
    const files: AdapterStore["files"] = (tenant, version) => {
      // Then its texts wait for the encoder.
      if (tenant === "tenant-1") setTimeout(() => abort.abort(), 0);
      return tenant === "tenant-5" ? never : store.files(tenant, version);
    };
    const server = serve({}, { ...store, files });
    const stalled = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(new Uint8Array([123])) });
    const request = new Request("http://localhost/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stalled,
      signal,
      duplex: "half",
    } as RequestInit);
    const left = [
      answer(server, request),
      answer(server, classify({ tenant: "tenant-5" }, { signal })),
      answer(server, classify({ tenant: "tenant-1", texts: Array(64).fill("good film ".repeat(100)) }, { signal })),
    ];
    const stays = answer(server, classify({ tenant: "tenant-2" }));
    expect((await Promise.all(left)).map(({ status }) => status)).toEqual([499, 499, 499]);
    expect((await stays).body.predictions).toEqual(await expected(encoder, made.files[2]!, texts));
    expect(server.status).toMatchObject({ requests: 0, waiting: 0 });
    await server.close();
    expect(engineInfo().memory.used).toBe(before);
  });

  it("a body that does not come is given up", async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(new Uint8Array([123])) });
    const request = new Request("http://localhost/classify", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: stalled,
      duplex: "half",
    } as RequestInit);
    const server = serve({ timeout: 50 });
    expect(await answer(server, request)).toMatchObject({ status: 408, code: "BODY_TIME" });
    await server.close();
  });

  it("closing refuses what comes, waits for what is there", async () => {
    const server = serve();
    const asked = answer(server, classify({}));
    const closed = server.close();
    expect(await answer(server, classify({}))).toMatchObject({ status: 503, code: "BUSY" });
    await closed;
    expect((await asked).status).toBe(200);
    expect(server.status).toMatchObject({ status: "stopping", adapters: 0 });
  });
});

it("options and parts that make no sense are refused by name", () => {
  const { store } = made;
  expect(() => serve({ maxText: 3 } as ServeOptions)).toThrow('did you mean "maxTexts"');
  for (const option of ["cacheBytes", "maxBodyBytes", "maxTexts", "maxRequests", "timeout"])
    for (const value of [0, -1, NaN, "1", null]) expect(() => serve({ [option]: value })).toThrow(option);
  expect(() => serve({ maxWaiting: 10 })).toThrow("at least maxTexts");
  expect(() => new AdapterServer({} as SentenceEncoder, store)).toThrow("a SentenceEncoder");
  expect(() => new AdapterServer(encoder, {} as AdapterStore)).toThrow("files");
  expect(() => new AdapterServer(encoder, null as unknown as AdapterStore)).toThrow("store");
});
