import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFirefox } from "../browsers/firefox.mjs";
import { openMiniBrowser } from "../browsers/minibrowser.mjs";
import { data, spec } from "../jobs/tiny-job.js";
import { tinyEncoder } from "../models/tiny-encoder.js";
import { type KeptSite, openKeptSite } from "./kept-site.js";

let site: KeptSite;
/** What the page that is open now tells. */
let told: (answer: unknown) => void;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

/** What the page does that its address names, and tells the hub. */
const script = (hubUrl: string) => `
  import * as own from "./ts/index.js";
  import * as jobs from "./ts/jobs/index.js";
  import * as remote from "./ts/worker/index.js";
  import { sha256 } from "./test/properties/bits/sha256.js";
  const [what, place] = location.hash.slice(1).split(",");
  const { cacheModel, cachedModel, SentenceEncoder, runJob, runStatus, opfsStore, memoryStore, keptSources } =
    place === "page" ? { ...own, ...jobs } : remote;
  const [hub, name] = [${JSON.stringify(hubUrl)}, ${JSON.stringify(`${hubUrl}/tiny`)}];
  const job = ${JSON.stringify(spec)};
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
      const model = await cacheModel(name);
      const { storage, storageRefused } = model;
      return { storage, storageRefused, vector: await vectorOf(model), undisturbed: await run(memoryStore()) };
    },
    /** Tells at the first checkpoint; the browser is killed then. */
    lost: () =>
      new Promise((resolve, reject) => {
        run(opfsStore("reviews"), ({ type }) => type === "checkpoint" && resolve("begun")).catch(reject);
      }),
    async second() {
      const model = await cachedModel(name);
      const { status } = (await runStatus(opfsStore("reviews"))) ?? {};
      return { storage: model?.storage, vector: model && (await vectorOf(model)), status, gone: await run(opfsStore("reviews")) };
    },
  };
  const answer = await visits[what]().catch((error) => String(error));
  await fetch(hub + "/told", { method: "POST", body: JSON.stringify(answer) });
`;

beforeAll(async () => {
  site = await openKeptSite(script, (path, request, response) => {
    if (path !== "told") return false;
    response.writeHead(204, { "Access-Control-Allow-Origin": "*" }).end();
    void bodyOf(request).then((body) => told(JSON.parse(body)));
    return true;
  });
  site.models.add("tiny", await tinyEncoder());
  site.models.add("data", data);
});
afterAll(() => site?.close());

/** Browsers whose windows keep what they keep in a folder, and which can be killed. */
const browsers = {
  firefox: openFirefox,
  webkit: (profile: string, url: string) => openMiniBrowser(profile, url, { streams: true }),
  "webkit without streams": (profile: string, url: string) => openMiniBrowser(profile, url, { streams: false }),
};

/** Opens a browser for one thing, which is killed as soon as it has told what came of it. */
async function visit(name: keyof typeof browsers, what: string, place: string): Promise<Record<string, unknown>> {
  const answer = new Promise((resolve) => (told = resolve));
  const profile = join(site.folder, `${name}-${place}`);
  const browser = await browsers[name](profile, `${site.origin}/plain/#${what},${place}`);
  try {
    return (await answer) as Record<string, unknown>;
  } finally {
    await browser.kill();
  }
}

describe.each([
  ["firefox", "page"],
  ["firefox", "worker"],
  ["webkit", "page"],
  ["webkit", "worker"],
] as const)("%s, kept by the %s", (name, place) => {
  it("a model loads without the network, and a run whose browser was killed goes on to the same bits", async () => {
    const first = await visit(name, "first", place);
    expect(first).toMatchObject({ storage: "opfs", storageRefused: null });
    expect(first.vector).toHaveLength(32);
    expect(await visit(name, "lost", place)).toBe("begun");
    const asked = site.models.requests("tiny/model.safetensors").length;
    const { vector, undisturbed } = first;
    const second = await visit(name, "second", place);
    expect(second).toEqual({ storage: "opfs", vector, status: "training", gone: undisturbed });
    expect(site.models.requests("tiny/model.safetensors")).toHaveLength(asked);
  });
});

// As in Safari before 26; but for WebKitGTK, which opens no file in place, in workers either.
it.each([
  ["page", /writes .* in dedicated workers only/],
  ["worker", /opens no file .* for writing/],
])("a %s of a WebKit without streams keeps the model in memory, and says why", async (place, why) => {
  const first = await visit("webkit without streams", "first", place);
  expect(first).toMatchObject({ storage: "memory", storageRefused: expect.stringMatching(why) });
  expect(first.vector).toHaveLength(32);
});
