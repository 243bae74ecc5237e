import { type Encoding, encodingOf } from "../models/sentence/inference.js";
import { checkUsable, SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { callable, checkRecord, unexpected } from "../arguments/settings.js";
import type { FileMap } from "../io/file-access.js";
import { answerOf } from "../tasks/head/prediction.js";
import { AdapterCache, type AdapterStore, type HeldAdapter } from "./adapter-cache.js";
import { type Asked, isName, type Operation, readFields, takeAsked } from "./request-fields.js";
import { clientName, forClients } from "./client-names.js";
import { type Deadline, deadline } from "./deadline.js";
import { failure, Refusal } from "./problem.js";
import { type ServeOptions, type ServeSettings, takeServeOptions } from "./serve-options.js";
import { WaitingTexts } from "./waiting-texts.js";

/** The load of a server. */
export interface ServerStatus {
  /** Name of the encoder; of a path the last part. */
  readonly model: string;
  /** "ok"; "stopping" after `close` was called; "failed" if the encoder was disposed. */
  readonly status: "ok" | "stopping" | "failed";
  /** Number of requests without an answer yet. */
  readonly requests: number;
  /** Number of texts that wait for the encoder. */
  readonly waiting: number;
  /** Number of adapters in memory. */
  readonly adapters: number;
  /** Size of the adapters in bytes of linear memory. */
  readonly adapterBytes: number;
}

const OPERATIONS: Readonly<Record<string, Operation>> = { "/classify": "classify", "/embed": "embed" };

/**
 * Answers requests on one encoder with many tenants' adapters: `POST /classify`, `POST /embed`, `GET /health`. Waiting texts of all tenants
 * go through the encoder together, each with its own adapter; results are bit-identical to those of `predict` and `encode`. Errors are
 * problem details (RFC 9457) with a `code`.
 *
 * It does not know users: `authorize` decides whether a request may use a tenant's adapter.
 *
 * @example
 * const server = new AdapterServer(encoder, { files: (tenant, version) => bucketFiles(tenant, version) });
 * const response = await server.fetch(request);
 */
export class AdapterServer {
  private readonly settings: ServeSettings;
  private readonly adapters: AdapterCache;
  private readonly texts: WaitingTexts;
  private readonly encodings = new Map<boolean | undefined, Encoding>();
  /** Running requests. One that the runtime dropped is removed long after its deadline. */
  private readonly requests = new Map<Deadline, number>();
  private readonly idle: (() => void)[] = [];
  private closing = false;

  /** Throws `ConfigError` for invalid options. The encoder stays the caller's: dispose of it after `close`. */
  constructor(
    /** The encoder of all adapters. */
    readonly encoder: SentenceEncoder,
    private readonly store: AdapterStore,
    options: ServeOptions = {},
  ) {
    if (!(encoder instanceof SentenceEncoder)) throw unexpected(WHAT, "encoder", "a SentenceEncoder", encoder);
    checkUsable(WHAT, encoder);
    checkRecord(`${WHAT}: a store of adapters has a function files`, store);
    callable(WHAT, "store.files", store.files);
    if (store.current !== undefined) callable(WHAT, "store.current", store.current);
    if (store.done !== undefined) callable(WHAT, "store.done", store.done);
    this.settings = takeServeOptions(options);
    this.adapters = new AdapterCache(encoder, this.settings.cacheBytes, this.settings.allowOtherBase, (files) => {
      try {
        store.done?.(files);
      } catch (error) {
        this.report(error);
      }
    });
    this.texts = new WaitingTexts(encoder, this.settings.maxWaiting, (pass) => this.adapters.withRoom(pass));
  }

  /** The current load. */
  get status(): ServerStatus {
    const { adapters, bytes } = this.adapters.size;
    const { graph, name } = this.encoder;
    const status = graph.gone || graph.engine.closed ? "failed" : this.closing ? "stopping" : "ok";
    const [requests, waiting] = [this.requests.size, this.texts.count];
    return { model: clientName(name), status, requests, waiting, adapters, adapterBytes: bytes };
  }

  /**
   * Answers a request; never rejects. The request's signal cancels its work. Bound, so it can be passed as a function.
   */
  readonly fetch = async (request: Request): Promise<Response> => {
    try {
      const { pathname } = new URL(request.url);
      if (pathname === "/health") return this.health(request);
      const operation = Object.hasOwn(OPERATIONS, pathname) ? OPERATIONS[pathname] : undefined;
      if (operation === undefined)
        throw new Refusal("PATH", "there are POST /classify, POST /embed and GET /health, and no other address");
      checkMethod(request, ["POST"]);
      return await this.answer(operation, request);
    } catch (error) {
      const { name } = this.encoder;
      const response = failure(error, (message) => forClients(message, [[name, clientName(name)]]));
      if (response.status >= 500 && response.status !== 503)
        this.report(error instanceof Refusal ? (error.cause ?? error) : error);
      return response;
    }
  };

  /**
   * Frees a tenant's adapters, or one version, unless requests use them; for versions that were withdrawn. Returns their number.
   */
  forget(tenant: string, version?: string): number {
    return this.adapters.forget((key) =>
      version === undefined ? key.startsWith(`${tenant}/`) : key === keyOf(tenant, version),
    );
  }

  /** Refuses further requests, waits for running ones, then frees the adapters. Safe to call twice. */
  async close(): Promise<void> {
    this.closing = true;
    if (this.requests.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    this.adapters.close();
  }

  private health(request: Request): Response {
    checkMethod(request, ["GET", "HEAD"]);
    const { status } = this;
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    const body = request.method === "HEAD" ? null : JSON.stringify(status);
    return new Response(body, { status: status.status === "ok" ? 200 : 503, headers });
  }

  private async answer(operation: Operation, request: Request): Promise<Response> {
    const { settings } = this;
    if (this.closing) throw new Refusal("BUSY", "the server is stopping", {}, { connection: "close" });
    this.dropLost();
    if (this.requests.size >= settings.maxRequests)
      throw new Refusal("BUSY", `${settings.maxRequests} requests are being answered; ask again in a moment`);
    const until = deadline(
      request.signal,
      settings.timeout,
      () => new Refusal("ABORTED", "the client went away"),
      () => new Refusal("BODY_TIME", `the body did not come within ${settings.timeout} ms`),
    );
    this.requests.set(until, Date.now());
    try {
      const asked = takeAsked(operation, await readFields(request, settings.maxBodyBytes, until.over), settings);
      const late = `within ${settings.timeout} ms`;
      until.waitFor(
        () => new Refusal("AUTHORIZE_TIME", `whether this request may use the adapter was not known ${late}`),
      );
      if (!(await Promise.race([settings.authorize(request, asked), until.over])))
        throw new Refusal("FORBIDDEN", "this request may not use that tenant's adapter");
      until.waitFor(() => new Refusal("STORE_TIME", `the store of adapters gave no answer ${late}`));
      return Response.json(await this.results(asked, until), { headers: { "cache-control": "no-store" } });
    } finally {
      until.end();
      this.requests.delete(until);
      if (this.requests.size === 0) for (const resolve of this.idle.splice(0)) resolve();
    }
  }

  private async results(asked: Asked, until: Deadline): Promise<Record<string, unknown>> {
    const { tenant, operation, texts } = asked;
    if (tenant === null) return { vectors: await this.vectors(asked, null, until) };
    const version = asked.version ?? (await Promise.race([this.currentVersion(tenant), until.over]));
    const read = () => this.read(tenant, version);
    const key = keyOf(tenant, version);
    const { held, release } = await this.adapters.acquire(key, read, until);
    let isHeadless = false;
    try {
      if (operation === "embed") return { tenant, version, vectors: await this.vectors(asked, held, until) };
      const { classifier, adapter, logits } = held;
      if (classifier === null || logits === null) {
        isHeadless = true;
        throw new Refusal(
          "NO_CLASSIFIER",
          `${tenant}'s ${version} is an adapter without a head: ask /embed for vectors`,
        );
      }
      const tokensOf = (i: number) => classifier.tokenizer.encodeSteps(texts[i]!);
      const rows = await this.run({ count: texts.length, tokensOf, adapter, finish: logits, skip: 0 }, until);
      const predictions = rows.map((row, i) => {
        const { text: _, ...rest } = answerOf(classifier)(texts[i]!, row, i);
        return rest;
      });
      return { tenant, version, predictions };
    } finally {
      release();
      // A store that is eventually consistent may have had only a part of the files: the next request reads again.
      if (isHeadless) this.adapters.forget((other) => other === key);
    }
  }

  private async vectors(asked: Asked, held: HeldAdapter | null, until: Deadline): Promise<number[][]> {
    const { texts, normalize } = asked;
    let encoding = this.encodings.get(normalize);
    if (encoding === undefined) this.encodings.set(normalize, (encoding = encodingOf(this.encoder, { normalize })));
    const { before, skip, finish } = encoding;
    const tokensOf = (i: number) => this.encoder.tokenizer.encodeSteps(before + texts[i]!);
    const adapter = held?.adapter ?? null;
    const rows = await this.run({ count: texts.length, tokensOf, adapter, finish, skip }, until);
    return rows.map((row) => [...row]);
  }

  private run(asked: Parameters<WaitingTexts["run"]>[0], until: Deadline): Promise<Float32Array[]> {
    until.waitFor(
      () => new Refusal("TIME", `there was no answer within ${this.settings.timeout} ms; ask again in a moment`),
    );
    return this.texts.run(asked, until.checkWanted);
  }

  private async currentVersion(tenant: string): Promise<string> {
    if (this.store.current === undefined)
      throw new Refusal("CONFIG", "version is missing: this server knows no current one", { option: "version" });
    const version = await this.ask(() => this.store.current!(tenant));
    if (version === null) throw new Refusal("TENANT", `there is no tenant ${tenant}`, { tenant });
    if (typeof version === "string" && isName(version)) return version;
    const cause = unexpected(WHAT, "store.current's version", "a name as requests have them", version);
    throw new Refusal("STORE", "the store of adapters names a version that cannot be one", {}, {}, { cause });
  }

  private async read(tenant: string, version: string): Promise<FileMap> {
    const files = await this.ask(() => this.store.files(tenant, version));
    if (files === null) {
      throw new Refusal("TENANT", `there is no tenant ${tenant} with a version ${version}`, { tenant, version });
    }
    checkRecord(`${WHAT}: the store gives files by name, or null`, files);
    return files;
  }

  /** Calls, and answers with a general error if that fails: only the log gets the cause. */
  private async ask<T>(call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw new Refusal("STORE", "the store of adapters failed; the server's log says how", {}, {}, { cause: error });
    }
  }

  private report(error: unknown): void {
    try {
      this.settings.onError(error);
    } catch {
      // An error of the log must not prevent an answer.
    }
  }

  /** Edge runtimes silently drop requests that take too long. */
  private dropLost(): void {
    const before = Date.now() - 2 * this.settings.timeout;
    for (const [request, since] of this.requests) if (since < before) this.requests.delete(request);
  }
}

const WHAT = "AdapterServer";

/** Key of a tenant's version. Neither part contains a slash. */
const keyOf = (tenant: string, version: string) => `${tenant}/${version}`;

function checkMethod({ method }: Request, allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  const allow = allowed.join(", ");
  throw new Refusal("METHOD", `${allow} is expected, got ${method}`, {}, { allow });
}
