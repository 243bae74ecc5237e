import { engineInfo, init, SentenceEncoder } from "lowrank";
import { AdapterServer } from "lowrank/serve";
import { kvAdapters, r2Adapters } from "./adapters.js";
import { r2Model } from "./r2-model.js";

/** An isolate has 128 MB in all; weights of 45 MB, 16 MB of adapters, one pass and few bodies fit in. */
const limits = { cacheBytes: 16 * 2 ** 20, maxBodyBytes: 128 * 2 ** 10, maxRequests: 32, maxWaiting: 256 };
/** Shorter than what the request that loads the encoder has after its client went away: else all others would wait for ever. */
const START_LIMIT = 20_000;
const LINEAR_MEMORY = 88 * 2 ** 20;

let server;

async function start({ MODELS, ADAPTERS, MODEL, BUILD = "auto" }) {
  await init({ build: BUILD, maximumMemory: LINEAR_MEMORY });
  // As the file has them: f16. No copies in the product's order, which would take twice as much again.
  const signal = AbortSignal.timeout(START_LIMIT);
  const model = r2Model(MODELS, MODEL, signal);
  const encoder = await SentenceEncoder.load(model, { weights: "auto", packedCopies: 0, signal });
  const adapters = ADAPTERS === undefined ? r2Adapters(MODELS) : kvAdapters(ADAPTERS);
  // Adapters are trained on float32 weights; these are the same, rounded.
  return new AdapterServer(encoder, adapters, { ...limits, allowOtherBase: true, onError: console.error });
}

export default {
  async fetch(request, env, context) {
    // The first requests wait for one encoder; where it cannot be loaded, the next one tries again.
    server ??= start(env).catch((error) => {
      server = undefined;
      throw error;
    });
    const answer = server.then((server) => {
      if (env.MEASURE === "1" && new URL(request.url).pathname === "/memory") return Response.json(engineInfo());
      return server.fetch(request);
    });
    // Others may wait for what this request loads: it goes on when its client is gone.
    context.waitUntil(answer.catch(() => undefined));
    return answer.catch((error) => {
      console.error(error);
      const problem = { type: "about:blank", title: "Service Unavailable", status: 503, code: "START" };
      const headers = { "content-type": "application/problem+json", "retry-after": "5" };
      return new Response(JSON.stringify(problem), { status: 503, headers });
    });
  },
};
