import { lookup } from "node:dns/promises";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { Command } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { isLoopback } from "../../io/node/loopback.js";
import { languageServer, type RequestLogEntry } from "../../serve/index.js";
import { takeLanguageServerOptions } from "../../serve/openai/language-server-options.js";
import { type Kind, kindOf } from "../../serve/openai/served-models.js";
import { folderStore } from "../../training/node/folder-store.js";
import { addModelOptions, collected } from "../files/language-model.js";
import { openServed, type ServedOptions } from "../files/served-models.js";
import { port, real, whole } from "../options/option-values.js";
import type { Session } from "../session.js";

/** The environment's variable with the key that requests must have. */
const KEY = "LOWRANK_API_KEY";

/** Milliseconds that answers may take after the server was told to stop. */
const GRACE = 30_000;

const EXAMPLES = `
The server speaks OpenAI's API, at http://HOST:PORT/v1. A request's "model" names a model or an adapter. Chats and responses are answered by the
language model, /v1/embeddings by embedding models, /v1/rerank by rerank models (or embedding models), /v1/classify by classifiers.
With one of the last three and without --model, a server has no language model. If the environment variable ${KEY} is set, requests
must send its value as their API key; --loadable needs it. SIGTERM and Ctrl-C end the server after the answers that it is generating; a second
one ends it at once. npx does not pass SIGTERM on: a service starts node_modules/.bin/lowrank.

Examples:
  lowrank serve --model HuggingFaceTB/SmolLM2-135M-Instruct --adapter mine=runs/mine
  curl http://127.0.0.1:8080/v1/chat/completions -H "content-type: application/json" \\
    -d '{"model":"mine","messages":[{"role":"user","content":"Hello!"}]}'
  lowrank serve --embedding-model small=sentence-transformers/all-MiniLM-L6-v2 --classifier runs/reviews
  curl http://127.0.0.1:8080/v1/embeddings -H "content-type: application/json" -d '{"model":"small","input":["a text"]}'
`;

interface CommandOptions extends ServedOptions {
  readonly port: number;
  readonly host: string;
  readonly loadable?: string;
  readonly cors?: readonly string[];
  readonly allowedHosts?: readonly string[];
  readonly maxTokens?: number;
  readonly maxRunning: number;
  readonly maxWaiting: number;
  readonly timeout: number;
  readonly prefixCache: number;
  readonly prefixCacheFolder?: string;
  readonly prefixCacheDisk: number;
  readonly log: boolean;
  readonly logTexts: boolean;
}

/** `lowrank serve`: models and their adapters, in the form of OpenAI's API. */
export function defineServe(program: Command, session: Session): void {
  const command = program
    .command("serve")
    .description("serve language models, embeddings, rerankers and classifiers as OpenAI's API");
  addModelOptions(command)
    .option("--port <n>", "port; 0 chooses a free one", port(0), 8080)
    .option("--host <address>", "address to listen on; 0.0.0.0 for all of this machine's", "127.0.0.1")
    .option("--name <name>", "name of the language model in requests (default: its own, which the command prints)")
    .option(
      "--embedding-model <[name=]model>",
      "a sentence encoder for /v1/embeddings, or an adapter's folder; may be repeated",
      collected,
      [],
    )
    .option(
      "--rerank-model <[name=]model>",
      "a cross-encoder for /v1/rerank, or a run of --task rank; may be repeated",
      collected,
      [],
    )
    .option(
      "--classifier <[name=]run>",
      "a run of `finetune`, or a classifier's model, for /v1/classify; may be repeated",
      collected,
      [],
    )
    .option(
      "--loadable <folder>",
      "folder with one folder for each adapter, which POST /v1/adapters loads by its name; needs a key",
    )
    .option("--cors <origin...>", 'origins of pages that may ask, or "*" (default: none)')
    .option(
      "--allowed-hosts <name...>",
      "names of this server in requests, beside addresses and localhost; others are refused (default: none on an address of this machine alone without a key, otherwise all)",
    )
    .option(
      "--max-tokens <n>",
      "maximum tokens of an answer (default: as many as fit the model; 1,024 of them for requests that name no number)",
      whole(1),
    )
    .option("--max-running <n>", "maximum answers that are generated at the same time", whole(1), 16)
    .option("--max-waiting <n>", "maximum answers that wait for a place", whole(0), 64)
    .option("--timeout <seconds>", "maximum time of an answer", real(0), 300)
    .option(
      "--prefix-cache <mb>",
      "memory for beginnings of prompts, which are computed once, in megabytes",
      whole(0),
      64,
    )
    .option(
      "--prefix-cache-folder <folder>",
      "folder for beginnings that several prompts share, such as system messages, also when the server starts again",
    )
    .option("--prefix-cache-disk <mb>", "maximum megabytes in that folder", whole(0), 1024)
    .option("--log", "print a line of JSON for each request, as pino writes them, without texts", false)
    .option("--log-texts", "the same with the texts of requests and answers", false)
    .addHelpText("after", EXAMPLES)
    .action((options: CommandOptions) => serve(options, session));
}

async function serve(options: CommandOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const {
    loadable,
    cors,
    maxTokens,
    maxRunning,
    maxWaiting,
    timeout,
    prefixCache,
    prefixCacheFolder,
    prefixCacheDisk,
  } = options;
  const apiKey = terminal.streams.environment[KEY]?.trim() || undefined;
  if (loadable !== undefined && apiKey === undefined)
    throw new ConfigError(
      `--loadable lets requests change what is served: set a key that they must have, in the environment variable ${KEY}`,
      {
        op: "serve",
        option: "--loadable",
        expected: KEY,
      },
    );
  const host = options.host || "0.0.0.0";
  // If there is no such address, listening says so.
  const { address: at } = await lookup(host).catch(() => ({ address: host }));
  const names = options.allowedHosts ?? (apiKey === undefined && isLoopback(at) ? [] : undefined);
  const allowedHosts = names === undefined || isIP(host) > 0 ? names : [...names, host];
  takeLanguageServerOptions("serve", { cors, apiKey, allowedHosts });
  const report = (error: unknown) => terminal.error(`${terminal.errorColors.red("error:")} ${String(error)}`);
  const { models, dispose } = await openServed(options, session);
  try {
    const server = languageServer(models, {
      cors,
      apiKey,
      allowedHosts,
      maxTokens,
      maxRunning,
      maxWaiting,
      timeout: 1000 * timeout,
      prefixCacheBytes: prefixCache * 2 ** 20,
      prefixCacheStore: prefixCacheFolder === undefined ? undefined : folderStore(prefixCacheFolder),
      prefixCacheStoreBytes: prefixCacheDisk * 2 ** 20,
      // The name is no path: the server has checked it.
      loadAdapter: loadable === undefined ? undefined : (own) => folderOf(join(loadable, own)),
      ...(options.log || options.logTexts ? { log: (entry) => terminal.print(logLine(entry)) } : {}),
      logTexts: options.logTexts,
      onError: report,
    });
    const http = httpServerOf(server);
    await new Promise<void>((ready, failed) => {
      // A later error, such as of a connection that cannot be accepted, does not end the server.
      http.on("error", (cause) => (http.listening ? report(cause) : failed(cannotListen(cause, options))));
      http.listen(options.port, at, ready);
    });
    const { port, family, address } = http.address() as AddressInfo;
    for (const [name, model] of Object.entries(models)) {
      const adapters = "adapters" in model ? model.adapters().map((adapter) => adapter.name) : [];
      terminal.print(`${[name, ...adapters].join(", ")}  (${uses[kindOf(model)!]})`);
    }
    terminal.print(`listening on http://${family === "IPv6" ? `[${address}]` : address}:${port}/v1  (Ctrl-C ends it)`);
    if (apiKey === undefined && !isLoopback(address))
      terminal.error(
        `${terminal.errorColors.yellow("warning:")} anyone who reaches ${address} may ask: set a key, in the environment variable ${KEY}`,
      );
    await aborted(signal);
    // Until the answers have ended, new requests learn that the server is stopping. What nobody reads ends after some time.
    const limits = [setTimeout(() => http.closeAllConnections(), GRACE)];
    await server.close();
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    http.closeIdleConnections();
    limits.push(setTimeout(() => http.closeAllConnections(), 2_000));
    await closed;
    limits.forEach(clearTimeout);
  } finally {
    dispose();
  }
}

/** Where requests may name a model, by its kind. */
const uses: Readonly<Record<Kind, string>> = {
  generate: "chats, responses, completions",
  embed: "embeddings, rerank",
  rerank: "rerank",
  classify: "classify",
};

/** Levels of pino: 50 is an error, 40 a warning, 30 information. */
function logLine({ time, ...entry }: RequestLogEntry): string {
  const level = entry.status >= 500 ? 50 : entry.status >= 400 || entry.error !== undefined ? 40 : 30;
  return JSON.stringify({ level, time, msg: "request", ...entry });
}

const folderOf = (folder: string) => (existsSync(join(folder, "adapter_config.json")) ? folder : null);

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

function cannotListen(cause: Error, { port, host }: CommandOptions): Error {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL")
    return new ConfigError(
      `--host ${host} is no address of this machine (${code}); 127.0.0.1 is for its own programs, 0.0.0.0 for others too`,
      { op: "serve", option: "--host", value: host },
      { cause },
    );
  const why = code === "EADDRINUSE" ? "is in use" : `cannot be used (${code ?? cause.message})`;
  return new ConfigError(
    `port ${port} of ${host} ${why}; --port 0 uses a free one`,
    { op: "serve", option: "--port", value: port },
    { cause },
  );
}

/** @internal A handler of the platform's `Request` and `Response`, which never rejects. */
export type Handler = (request: Request) => Promise<Response>;

/** Milliseconds after which a connection is closed whose client reads nothing of an answer that is complete here. */
const UNREAD_TIME = 60_000;

/**
 * @internal Node's HTTP server for such a handler. A request's signal tells that its client has left. @hono/node-server does the same, but needs Hono,
 * which everyone who installs this package would get with it.
 */
export function httpServerOf(handle: Handler, unreadTime = UNREAD_TIME): Server {
  const listener = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const abort = new AbortController();
    /** Stays referenced until the answer has ended: a `Request` that is garbage-collected takes its signal with it. */
    let request: Request | undefined;
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) abort.abort();
      request = undefined;
    });
    try {
      // The platform's `Request` has no such method.
      if (incoming.method === "TRACE") return void outgoing.writeHead(405, { connection: "close" }).end();
      request = requestOf(incoming, abort.signal);
      const response = await handle(request);
      // Events may be far apart; the handler drops a stream that nobody reads.
      if (!/^text\/event-stream\b/.test(response.headers.get("content-type") ?? ""))
        outgoing.setTimeout(unreadTime, () => outgoing.destroy());
      await send(response, outgoing, incoming);
    } catch (error) {
      // The client has left in the middle of the answer.
      outgoing.destroy(error as Error);
    }
  };
  // Headers that arrive slowly keep a connection no longer than this; the handler limits the body's time.
  return createServer({ headersTimeout: 10_000 }, (incoming, outgoing) => void listener(incoming, outgoing));
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = "GET", url = "/" } = incoming;
  // The client chooses the host: nothing depends on it. A proxy may send the whole address (RFC 9112, 3.2.2).
  const path = url.replace(/^https?:\/\/[^/?#]*/i, "");
  const address = new URL(path.startsWith("/") ? `http://localhost${path}` : "http://localhost/");
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2)
    headers.append(incoming.rawHeaders[i]!, incoming.rawHeaders[i + 1]!);
  const body =
    method === "GET" || method === "HEAD" ? {} : { body: Readable.toWeb(incoming) as BodyInit, duplex: "half" };
  return new Request(address, { method, headers, signal, ...body });
}

async function send(response: Response, outgoing: ServerResponse, incoming: IncomingMessage): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  // The unread rest of a body would be read as the next request.
  if (!incoming.complete) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  outgoing.flushHeaders();
  if (response.body === null) outgoing.end();
  else await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
}
