import { unexpected } from "../../arguments/settings.js";
import { AbortError } from "../../errors/errors.js";
import { CausalLanguageModel } from "../../models/language/causal-language-model.js";
import { assertModel } from "../../adapters/adapted-model.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import { timer } from "../../waiting/timer.js";
import { deadline } from "../deadline.js";
import { Refusal } from "../problem.js";
import { readFields } from "../read-body.js";
import { ApiKeys, corsHeaders, preflight } from "./access.js";
import { ApiError, apiError, busy, stopping } from "./api-error.js";
import { eventStream } from "./event-stream.js";
import {
  type LanguageServerOptions,
  type LanguageServerSettings,
  takeLanguageServerOptions,
} from "./language-server-options.js";
import type { GenerationRoute, LanguageRoutes } from "./language-routes.js";
import { Metrics } from "./metrics.js";

/** A server of OpenAI's API: a function that answers requests, and never rejects. */
export interface LanguageServer {
  (request: Request): Promise<Response>;
  /** Refuses further requests and waits for the last token of running ones. Safe to call twice. */
  close(): Promise<void>;
}

const WHAT = "languageServer";
const routesChunk = /* @__PURE__ */ lazyChunk(() => import("./language-routes.js"));

/**
 * Serves a language model and its adapters in the form of OpenAI's API: `POST /v1/chat/completions` and `/v1/completions`, whole or streamed,
 * `GET /v1/models`; also `POST` and `DELETE /v1/adapters`, `GET /health`, `/ready` and `/metrics`. The field `model` of a request names the base or an adapter. Requests are generated together, each with its own adapter
 * and sampling, and join and leave between two tokens; answers are bit-identical to those of requests alone.
 *
 * The model stays the caller's: dispose of it after `close`. Adapters that are added or removed meanwhile are so for later requests.
 *
 * Throws `ConfigError` for invalid options.
 *
 * @example
 * const server = languageServer(model, { apiKey: "secret" });
 * Deno.serve(server); // or Bun.serve({ fetch: server }), app.all("/v1/*", (c) => server(c.req.raw)) in Hono
 */
export function languageServer(model: CausalLanguageModel, options: LanguageServerOptions = {}): LanguageServer {
  if (!(model instanceof CausalLanguageModel)) throw unexpected(WHAT, "model", "a CausalLanguageModel", model);
  assertModel(WHAT, model.graph, "language model");
  const server = new Server(model, takeLanguageServerOptions(WHAT, options));
  return Object.assign((request: Request) => server.answer(request), { close: () => server.close() });
}

class Server {
  private readonly keys: ApiKeys;
  private readonly metrics = new Metrics();
  private routes: LanguageRoutes | null = null;
  /** Requests whose answers are not complete: when their time is over, and what breaks them off. */
  private readonly active = new Map<() => void, { readonly time: number; drop: () => void }>();
  private closing = false;
  private readonly idle: (() => void)[] = [];

  constructor(
    private readonly model: CausalLanguageModel,
    private readonly settings: LanguageServerSettings,
  ) {
    this.keys = new ApiKeys(settings.apiKey);
  }

  async answer(request: Request): Promise<Response> {
    const allowed = corsHeaders(request, this.settings);
    let response: Response;
    try {
      const asks = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
      response = asks ? preflight(request, allowed) : await this.route(request);
    } catch (error) {
      const { status, headers, body } = this.failure(error);
      response = json({ error: body }, status, headers);
    }
    for (const [name, value] of Object.entries(allowed)) response.headers.set(name, value);
    this.metrics.answered(routeOf(new URL(request.url).pathname)[0] ?? "other", response.status);
    return response;
  }

  async close(): Promise<void> {
    this.closing = true;
    const limit = timer(this.settings.timeout, () => this.dropLate(Infinity));
    if (this.active.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    clearTimeout(limit);
    this.routes?.batch.close(new AbortError("the server was closed", { reason: "ended" }));
  }

  private async route(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/health" || pathname === "/ready") return this.health(request, pathname === "/ready");
    await this.keys.check(request.headers);
    const [route, rest] = routeOf(pathname);
    if (route === null) throw new ApiError(404, "unknown_url", `there is no ${request.method} ${pathname} here`);
    if (route === "chat/completions" || route === "completions") {
      checkMethod(request, "POST");
      return this.generate(route, request);
    }
    if (route === "metrics") {
      checkMethod(request, "GET");
      this.dropLate(Date.now());
      return new Response(this.metrics.page(this.gauges()), {
        headers: { "content-type": "text/plain; version=0.0.4" },
      });
    }
    const routes = await this.load();
    if (route === "models") {
      checkMethod(request, "GET");
      return json(rest === undefined ? routes.models() : routes.described(rest));
    }
    checkMethod(request, rest === undefined ? "POST" : "DELETE");
    if (this.closing) throw stopping();
    if (rest !== undefined) return json(routes.removeAdapter(rest));
    return json(await routes.addAdapter(await this.body(request), () => this.closing));
  }

  /** @param ready whether there must be a place for another request too */
  private health(request: Request, ready: boolean): Response {
    checkMethod(request, "GET", "HEAD");
    // Nobody may ask for answers before this says that there are places.
    this.dropLate(Date.now());
    const { graph } = this.model;
    const full = ready && this.active.size >= this.places;
    const status = graph.gone || graph.engine.closed ? "failed" : this.closing ? "stopping" : full ? "busy" : "ok";
    const { running, waiting } = this.gauges();
    return json(request.method === "HEAD" ? null : { status, running, waiting }, status === "ok" ? 200 : 503);
  }

  private gauges() {
    const { running = 0, waiting = 0, prefixBytes = 0 } = this.routes?.batch.size ?? {};
    const { engine } = this.model.graph;
    const used = engine.closed ? 0 : engine.info.memory.used;
    return { running, waiting, prefix_cache_bytes: prefixBytes, memory_bytes: used, requests: this.active.size };
  }

  private get places(): number {
    return this.settings.maxRunning + this.settings.maxWaiting;
  }

  private async body(request: Request) {
    const { timeout, maxBodyBytes } = this.settings;
    const until = deadline(request.signal, timeout, clientLeft, () => lateBody(timeout));
    return readFields(request, maxBodyBytes, until.over).finally(until.end);
  }

  private async generate(route: GenerationRoute, request: Request): Promise<Response> {
    const { timeout } = this.settings;
    const time = Date.now() + timeout;
    if (this.closing) throw stopping();
    this.dropLate(Date.now());
    if (this.active.size >= this.places)
      throw busy(`${this.active.size} requests are being answered; ask again in a moment`);
    const leave = this.enter(time);
    const seen = (error: unknown) => (error instanceof AbortError && request.signal.aborted ? clientLeft() : error);
    try {
      const [fields, routes] = await Promise.all([this.body(request), this.load()]);
      const late = () => new ApiError(504, "timeout", `the answer was not complete within ${timeout} ms`);
      const { answer, stream } = routes.generate(route, fields, request.signal, { time, error: late });
      if (!stream)
        return json(
          await answer
            .whole()
            .finally(() => answer.end())
            .finally(leave),
        );
      const ended = () => {
        answer.end();
        leave();
      };
      const errorOf = (error: unknown) => ({ error: this.failure(seen(error)).body });
      const headers = { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" };
      const { body, drop } = eventStream(answer.events(), errorOf, ended);
      const own = this.active.get(leave);
      if (own !== undefined) own.drop = drop;
      return new Response(body, { headers });
    } catch (error) {
      leave();
      throw seen(error);
    }
  }

  /** Counts a request until the returned function is called. */
  private enter(time: number): () => void {
    const leave = () => {
      if (this.active.delete(leave) && this.active.size === 0) for (const resolve of this.idle.splice(0)) resolve();
    };
    this.active.set(leave, { time, drop: leave });
    return leave;
  }

  /** Breaks off answers that nobody has read in time, and forgets requests that an edge runtime has dropped. */
  private dropLate(now: number): void {
    for (const { time, drop } of [...this.active.values()]) if (time < now) drop();
  }

  private async load(): Promise<LanguageRoutes> {
    const { LanguageRoutes } = await routesChunk();
    return (this.routes ??= new LanguageRoutes(this.model, this.settings, this.metrics));
  }

  /** An error as an answer's; those that the client did not cause are reported. */
  private failure(error: unknown): ApiError {
    const found = apiError(error);
    if (found.status >= 500 && found.status !== 503)
      try {
        this.settings.onError(found.cause ?? found);
      } catch {
        // An error of the log must not prevent an answer.
      }
    return found;
  }
}

const clientLeft = () => new Refusal("ABORTED", "the client went away");
const lateBody = (timeout: number) => new Refusal("BODY_TIME", `the body did not come within ${timeout} ms`);

function json(body: object | null, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body === null ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
  });
}

function checkMethod({ method }: Request, ...allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  const allow = allowed.join(", ");
  throw new ApiError(405, "method_not_allowed", `${allow} is expected, got ${method}`, null, { allow });
}

const ROUTES = /^\/(?:v1\/(chat\/completions|completions|models|adapters)|(metrics))$|^\/v1\/(models|adapters)\/(.+)$/;

/** The route of a path, null for an unknown one; and the name that follows it. */
function routeOf(pathname: string): [string | null, string?] {
  const [, whole, outer, named, name] = ROUTES.exec(pathname) ?? [];
  return named === undefined ? [whole ?? outer ?? null] : [named, decoded(name!)];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
