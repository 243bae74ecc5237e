import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openMiniBrowser } from "../browsers/minibrowser.mjs";
import { openSite } from "../browsers/site.mjs";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { ModelServer } from "../pages/model-server.js";
import { bundle } from "./bundle.mjs";

const folder = mkdtempSync(join(tmpdir(), "lowrank-kept-webkit-"));
const models = new ModelServer();
let hub: Server;
let hubUrl: string;
let site: Awaited<ReturnType<typeof openSite>>;
/** What the page that is open now tells. */
let told: (answer: unknown) => void;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** What the page does that its address names, and tells the hub. */
const script = () => `
  import * as own from "./ts/index.js";
  import * as jobs from "./ts/jobs/index.js";
  import * as remote from "./ts/worker/index.js";
  import { sha256 } from "./test/bits/sha256.js";
  const [what, place] = location.hash.slice(1).split(",");
  const { keepModel, keptModel, SentenceEncoder, runJob, runStatus, opfsStore, memoryStore, keptSources } =
    place === "page" ? { ...own, ...jobs } : remote;
  const [hub, name] = [${JSON.stringify(hubUrl)}, ${JSON.stringify(`${hubUrl}/tiny`)}];
  const job = ${JSON.stringify({ ...spec, build: "simd", threads: 1 })};
  const run = async (store, onProgress) => {
    const options = { sources: keptSources(), ...(onProgress && { onProgress }) };
    const { report } = await runJob({ ...job, model: name, data: hub + "/data/examples.csv" }, store, options);
    const { "adapter_model.safetensors": adapter, "head.safetensors": head } = await store.files();
    return { losses: report.steps.map(({ loss }) => loss), sha256: await sha256([adapter, head]) };
  };
  const vectorOf = async (model) => {
    const encoder = await SentenceEncoder.load(model);
    const [vector] = await encoder.encode(["a good film"]);
    await encoder.dispose();
    return [...vector];
  };
  const visits = {
    async first() {
      const model = await keepModel(name);
      const { storage, storageRefused } = model;
      return { storage, storageRefused, vector: await vectorOf(model), undisturbed: await run(memoryStore()) };
    },
    /** Tells at the first checkpoint; the browser is killed then. */
    lost: () =>
      new Promise((resolve, reject) => {
        run(opfsStore("reviews"), ({ type }) => type === "checkpoint" && resolve("begun")).catch(reject);
      }),
    async second() {
      const model = await keptModel(name);
      const { status } = (await runStatus(opfsStore("reviews"))) ?? {};
      return { storage: model?.storage, vector: model && (await vectorOf(model)), status, gone: await run(opfsStore("reviews")) };
    },
  };
  const answer = await visits[what]().catch((error) => String(error));
  await fetch(hub + "/told", { method: "POST", body: JSON.stringify(answer) });
`;

beforeAll(async () => {
  models.add("tiny", await tinyEncoder());
  models.add("data", data);
  hub = createServer((request, response) => {
    if (request.url !== "/told") return models.answer(request.url!.slice(1), request, response);
    response.writeHead(204, { "Access-Control-Allow-Origin": "*" }).end();
    void bodyOf(request).then((body) => told(JSON.parse(body)));
  });
  await new Promise<void>((ready) => hub.listen(0, "127.0.0.1", ready));
  hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  await bundle({ contents: script(), entry: "browser", outfile: join(folder, "kept.js") });
  const html = `<!doctype html><title>lowrank</title><script type="module" src="./kept.js"></script>`;
  writeFileSync(join(folder, "index.html"), html);
  site = await openSite(folder);
});
afterAll(() => {
  site?.close();
  hub?.closeAllConnections();
  hub?.close();
  rmSync(folder, { recursive: true, maxRetries: 5 });
});

/** Opens a browser for one thing, which is killed as soon as it has told what came of it. */
async function visit(what: string, place: string, streams: boolean): Promise<Record<string, unknown>> {
  const answer = new Promise((resolve) => (told = resolve));
  const profile = join(folder, `profile-${place}-${streams}`);
  const browser = await openMiniBrowser(profile, `${site.origin}/plain/#${what},${place}`, { streams });
  try {
    return (await answer) as Record<string, unknown>;
  } finally {
    await browser.kill();
  }
}

describe.each(["page", "worker"])("WebKit, kept by the %s", (place) => {
  it("a model loads without the network, and a run whose browser was killed goes on to the same bits", async () => {
    const first = await visit("first", place, true);
    expect(first).toMatchObject({ storage: "opfs", storageRefused: null });
    expect(first.vector).toHaveLength(32);
    expect(await visit("lost", place, true)).toBe("begun");
    const asked = models.requests("tiny/model.safetensors").length;
    const { vector, undisturbed } = first;
    const second = await visit("second", place, true);
    expect(second).toEqual({ storage: "opfs", vector, status: "training", gone: undisturbed });
    expect(models.requests("tiny/model.safetensors")).toHaveLength(asked);
  });
});

// As in Safari before 26; but for WebKitGTK, which opens no file in place, in workers either.
it.each([
  ["page", /writes .* in dedicated workers only/],
  ["worker", /opens no file .* for writing/],
])("a %s of a WebKit without streams keeps the model in memory, and says why", async (place, why) => {
  const first = await visit("first", place, false);
  expect(first).toMatchObject({ storage: "memory", storageRefused: expect.stringMatching(why) });
  expect(first.vector).toHaveLength(32);
});
