import { unexpected } from "../../arguments/settings.js";
import { AbortError } from "../../errors/errors.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { timer } from "../../waiting/next-task.js";
import { deadline } from "../deadline.js";
import { Refusal } from "../problem.js";
import { readFields } from "../request-fields.js";
import { ApiKeys, checkHost, corsHeaders, preflight } from "./access.js";
import { ActiveRequests } from "./active-requests.js";
import { ApiError, apiError, stopping } from "./api-error.js";
import { eventStream } from "./event-stream.js";
import {
  type LanguageServerOptions,
  type LanguageServerSettings,
  takeLanguageServerOptions,
} from "./language-server-options.js";
import type { GenerationRoute, LanguageRoutes } from "./language-routes.js";
import { Metrics } from "./metrics.js";
import { ModelNames } from "./model-names.js";
import { LoggedRequest } from "./request-log.js";
import { type Call, handled, labelOf, routeOf, type RouteTable } from "./route-table.js";
import { ofKind, type Served, type ServedModel, takeModels } from "./served-models.js";
import type { TextRoute, TextRoutes } from "./text-routes.js";

/** A server in the form of OpenAI's API: a function that answers requests. It rejects only with a `ConfigError` for what is no `Request`. */
export interface LanguageServer {
  (request: Request): Promise<Response>;
  /** Refuses further requests and waits for the last token of running ones. Safe to call twice. */
  close(): Promise<void>;
}

const WHAT = "languageServer";
const documentChunk = /* @__PURE__ */ lazyChunk(() => import("./openapi.js"));
const languageChunk = /* @__PURE__ */ lazyChunk(() => import("./language-routes.js"));
const storedChunk = /* @__PURE__ */ lazyChunk(() => import("./stored/stored-blocks.js"));
const textChunk = /* @__PURE__ */ lazyChunk(() => import("./text-routes.js"));

/**
 * Serves models and their adapters in the form of OpenAI's API: a language model by `POST /v1/chat/completions`, `/v1/responses` and `/v1/completions`,
 * whole or streamed; sentence encoders by `/v1/embeddings`, cross-encoders (or encoders) by `/v1/rerank`, classifiers by `/v1/classify`; `GET /v1/models`;
 * also `POST` and `DELETE /v1/adapters`, `GET /health`, `/ready` and `/metrics`. The field `model` of a request names a model or one of its
 * adapters. Requests are computed together, each with its own adapter; answers are bit-identical to those of requests alone.
 *
 * Models stay the caller's: dispose of them after `close`. Adapters that are added or removed meanwhile are so for later requests. Heads of
 * classifiers and cross-encoders are served as they are at the first request for them.
 *
 * @param models a model, or several by their names in requests, at most one language model among them
 * Throws `ConfigError` for invalid options.
 *
 * @example
 * const server = languageServer({ chat: model, search: encoder, topics: classifier }, { apiKey: "secret" });
 * Deno.serve(server); // or Bun.serve({ fetch: server }), app.all("/v1/*", (c) => server(c.req.raw)) in Hono
 */
export function languageServer(
  models: ServedModel | Readonly<Record<string, ServedModel>>,
  options: LanguageServerOptions = {},
): LanguageServer {
  const settings = takeLanguageServerOptions(WHAT, options);
  const server = new Server(takeModels(WHAT, models, settings.name), settings);
  const answer = async (request: Request) => {
    // Node's http calls with an object of its own.
    if (typeof (Object(request) as Partial<Request>).headers?.get === "function") return server.answer(request);
    const expected = "a Request; for Node's http, Express and Fastify see getRequestListener of @hono/node-server";
    throw unexpected(WHAT, "the request", expected, request);
  };
  return Object.assign(answer, { close: () => server.close() });
}

/** Maximum milliseconds of a body, which has a request's place while it comes. */
const BODY_TIME = 30_000;
/** Milliseconds for which a closed server waits for its store. */
const CLOSING = 10_000;

/** Paths that need no key. */
const OPEN: readonly string[] = ["/health", "/ready", "/openapi.json"];

class Server {
  private readonly keys: ApiKeys;
  private readonly metrics = new Metrics();
  private readonly active: ActiveRequests;
  private readonly names: ModelNames;
  private language: LanguageRoutes | null = null;
  private texts: TextRoutes | null = null;

  private readonly table: RouteTable = {
    "/health": { GET: () => json(...this.health(false)), HEAD: () => json(null, this.health(false)[1]) },
    "/ready": { GET: () => json(...this.health(true)), HEAD: () => json(null, this.health(true)[1]) },
    "/metrics": { GET: () => this.page() },
    "/openapi.json": { GET: () => this.document() },
    ...this.posts(["/v1/chat/completions", "/v1/responses", "/v1/completions"], (path, call) =>
      this.generate(path, call),
    ),
    ...this.posts(["/v1/embeddings", "/v1/rerank", "/v2/rerank", "/v1/classify"], (path, call) =>
      this.compute(path, call),
    ),
    "/v1/models": { GET: () => json(this.names.list()) },
    "/v1/models/{name}": { GET: ({ name }) => json(this.names.one(name)) },
    "/v1/adapters": { POST: (call) => this.addAdapter(call) },
    "/v1/adapters/{name}": { DELETE: (call) => this.removeAdapter(call) },
  };

  constructor(
    private readonly models: readonly Served[],
    private readonly settings: LanguageServerSettings,
  ) {
    this.names = new ModelNames(models, settings);
    this.keys = new ApiKeys(settings.apiKey);
    this.active = new ActiveRequests(settings.maxRunning + settings.maxWaiting, settings.timeout);
  }

  /** Rows of the table for paths to which a body is sent. */
  private posts<P extends string>(
    paths: readonly P[],
    handler: (path: P, call: Call) => Promise<Response>,
  ): RouteTable {
    return Object.fromEntries(paths.map((path) => [path, { POST: (call: Call) => handler(path, call) }]));
  }

  async answer(request: Request): Promise<Response> {
    const allowed = corsHeaders(request, this.settings);
    const { pathname } = new URL(request.url);
    const path = routeOf(this.table, pathname)?.path;
    const logged = new LoggedRequest(this.settings, request.method, path ?? "other");
    let response: Response;
    try {
      checkHost(request, this.settings);
      const asks = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
      if (!asks && !OPEN.includes(pathname)) await this.keys.check(request.headers);
      response = asks ? preflight(request, allowed) : await handled(this.table, request, logged);
    } catch (error) {
      const { status, headers, body, code } = this.failure(error);
      logged.failed(code);
      response = json({ error: body }, status, headers);
    }
    for (const [name, value] of Object.entries(allowed)) response.headers.set(name, value);
    this.metrics.answered(labelOf(path), response.status);
    logged.answered(response.status);
    return response;
  }

  async close(): Promise<void> {
    await this.active.close();
    // Before the batch frees what is to be written.
    await this.closeStored();
    this.language?.batch.close(new AbortError("the server was closed", { reason: "ended" }));
  }

  /** Waits for what the store of beginnings still writes; not long, as it may not answer. */
  private async closeStored(): Promise<void> {
    const stored = this.language?.stored;
    if (stored == null) return;
    await new Promise<void>((resolve) => {
      const limit = timer(CLOSING, resolve);
      void stored
        .close()
        .catch(this.settings.onError)
        .finally(() => (clearTimeout(limit), resolve()));
    });
  }

  /** @param ready whether there must be a place for another request too */
  private health(ready: boolean): [object, number] {
    // Nobody may ask for answers before this says that there are places.
    this.active.dropLate(Date.now());
    const full = ready && this.active.isFull;
    const failed = this.models.some(({ model: { graph } }) => graph.gone || graph.engine.closed);
    const status = failed ? "failed" : this.active.closing ? "stopping" : full ? "busy" : "ok";
    const { running, waiting } = this.gauges();
    return [{ status, running, waiting }, status === "ok" ? 200 : 503];
  }

  private page(): Response {
    this.active.dropLate(Date.now());
    this.metrics.storedTokens = this.language?.stored?.size.readTokens ?? 0;
    return new Response(this.metrics.page(this.gauges()), {
      headers: { "content-type": "text/plain; version=0.0.4" },
    });
  }

  private gauges() {
    const { running = 0, waiting = 0, prefixBytes = 0 } = this.language?.batch.size ?? {};
    const engines = new Set(this.models.map(({ model }) => model.graph.engine));
    const used = [...engines].reduce((sum, engine) => sum + (engine.closed ? 0 : engine.info.memory.used), 0);
    const texts = this.texts?.waiting ?? 0;
    return {
      running,
      waiting,
      waiting_texts: texts,
      prefix_cache_bytes: prefixBytes,
      prefix_store_bytes: this.language?.stored?.size.bytes ?? 0,
      memory_bytes: used,
      requests: this.active.count,
    };
  }

  private async document(): Promise<Response> {
    const { openApiDocument } = await documentChunk();
    return json(openApiDocument(this.table, OPEN, this.settings.apiKey.length > 0));
  }

  private async addAdapter({ request }: Call): Promise<Response> {
    if (this.active.closing) throw stopping();
    const fields = await this.body(request);
    return json(await this.names.add(fields, () => this.active.closing, this.withRoom));
  }

  private removeAdapter({ name }: Call): Response {
    if (this.active.closing) throw stopping();
    const removed = this.names.remove(name);
    this.language?.batch.forgetRemoved();
    return json(removed);
  }

  /** Runs what needs memory; if there is none, again without beginnings of prompts that are kept for later. */
  private readonly withRoom = <T>(work: () => T): T =>
    this.language === null ? work() : this.language.batch.withRoom(work);

  private async body(request: Request) {
    const { timeout, maxBodyBytes } = this.settings;
    const most = Math.min(timeout, BODY_TIME);
    const until = deadline(request.signal, most, clientLeft, () => lateBody(most));
    return readFields(request, maxBodyBytes, until.over).finally(until.end);
  }

  /** Answers with what is computed of texts. */
  private async compute(route: TextRoute, { request, logged }: Call): Promise<Response> {
    const { timeout } = this.settings;
    const { leave } = this.active.enter();
    const until = deadline(request.signal, timeout, clientLeft, () => lateAnswer(timeout));
    try {
      const [fields, { TextRoutes }] = await Promise.all([this.body(request), textChunk()]);
      this.texts ??= new TextRoutes(this.names, this.settings, this.withRoom);
      logged.asked(fields);
      const { body, model, tokens } = await this.texts.answer(route, fields, until);
      logged.answeredBy(model, tokens);
      this.metrics.promptTokens += tokens;
      return json(body);
    } finally {
      until.end();
      leave();
    }
  }

  private async generate(route: GenerationRoute, { request, logged }: Call): Promise<Response> {
    const { timeout } = this.settings;
    const { time, leave } = this.active.enter();
    const seen = (error: unknown) => (error instanceof AbortError && request.signal.aborted ? clientLeft() : error);
    try {
      const [fields, routes] = await Promise.all([this.body(request), this.load()]);
      const expiry = { time, error: () => lateAnswer(timeout) };
      logged.asked(fields);
      const { answer, stream } = await routes.generate(route, fields, request.signal, expiry, logged);
      if (!stream)
        return json(
          await answer
            .whole()
            .finally(() => answer.end())
            .finally(leave),
        );
      const streamEnded = logged.streams();
      const ended = () => {
        answer.end();
        leave();
        streamEnded();
      };
      const errorOf = (error: unknown) => {
        const { body, code } = this.failure(seen(error));
        logged.failed(code);
        return answer.failed(body);
      };
      const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" };
      const { body, drop } = eventStream(answer.events(), errorOf, ended);
      this.active.setDrop(leave, drop);
      return new Response(body, { headers });
    } catch (error) {
      leave();
      throw seen(error);
    }
  }

  private async load(): Promise<LanguageRoutes> {
    const [served] = ofKind(this.models, "generate");
    if (served === undefined) throw new ApiError(404, "model_not_found", "this server has no language model", "model");
    const { prefixCacheStore: store, prefixCacheStoreBytes: most } = this.settings;
    const [{ LanguageRoutes }, chunk] = await Promise.all([languageChunk(), store && storedChunk()]);
    // Only once: the store is then claimed.
    const stored = () =>
      chunk === undefined ? null : new chunk.StoredBlocks(store!, most, (error) => this.report(error));
    return (this.language ??= new LanguageRoutes(served.model, this.settings, this.metrics, this.names, stored()));
  }

  /** An error as an answer's; those that the client did not cause are reported. */
  private failure(error: unknown): ApiError {
    const found = apiError(error);
    if (found.status >= 500 && found.status !== 503) this.report(found.cause ?? found);
    const { status, code, message, param, headers } = found;
    return new ApiError(status, code, this.names.told(message), param, headers);
  }

  private report(error: unknown): void {
    try {
      this.settings.onError(error);
    } catch {
      // An error of the log must not prevent an answer.
    }
  }
}

const clientLeft = () => new Refusal("ABORTED", "the client went away");
const lateAnswer = (timeout: number) =>
  new ApiError(504, "timeout", `the answer was not complete within ${timeout} ms`);
const lateBody = (timeout: number) => new Refusal("BODY_TIME", `the body did not come within ${timeout} ms`);

function json(body: object | null, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body === null ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}
