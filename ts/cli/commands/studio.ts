import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, resolve, sep } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { cacheFolder } from "../../io/node/index.js";
import { isAllowedHost } from "../../serve/openai/access.js";
import { studioPolicy } from "../files/studio-policy.js";
import { installedPackage } from "../installed-package.js";
import { port } from "../options/option-values.js";
import type { Session } from "../session.js";

const EXAMPLES = `
The page trains in the browser; this command only serves its files, and the models in this machine's cache, on 127.0.0.1.
It may fetch models from the Hugging Face hub. --connect lets it ask one more site, for models or the rounds of a federation;
the browser refuses every other one. Ctrl-C ends it.

Example:
  lowrank studio --port 8080 --connect https://models.example.org
`;

/** `lowrank studio`: the Studio for this machine's browsers. */
export function defineStudio(program: Command, session: Session): void {
  program
    .command("studio")
    .description("serve the Studio, a web page that fine-tunes without code, to this machine's browsers")
    .option("--port <n>", "port on 127.0.0.1; 0 chooses a free one", port(0), 4173)
    .option("--connect <site>", "another site that the page may ask; can be repeated", addedOrigin, [])
    .addHelpText("after", EXAMPLES)
    .action((options: { port: number; connect: readonly string[] }) => studio(options, session));
}

async function studio(
  { port, connect }: { port: number; connect: readonly string[] },
  { terminal, signal, self }: Session,
): Promise<void> {
  const folder = join(installedPackage("@lowrank/studio", "the Studio's files are"), "dist");
  const folders = { "/": folder, "/models/": resolve(cacheFolder()) };
  const served = { folders, policy: studioPolicy(connect) };
  const { server, url } = await serveFolders(served, port).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EADDRINUSE" && cause.code !== "EACCES") throw cause;
    const why = cause.code === "EADDRINUSE" ? "is in use" : "may not be used";
    throw new ConfigError(
      `port ${port} ${why}; to use a free one: ${self} studio --port 0`,
      { op: "studio", port },
      { cause },
    );
  });
  terminal.print(`The Studio is at ${url}  (Ctrl-C ends it)`);
  await new Promise<void>((ended) => {
    const end = () => {
      server.closeAllConnections();
      server.close(() => ended());
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/**
 * The origins given so far and one more, from an address. A path would narrow a Content-Security-Policy to one file, and a semicolon would
 * end its directive, so only scheme, host and port are kept.
 */
function addedOrigin(text: string, before: readonly string[]): readonly string[] {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || !/^[\w.:[\]-]+$/.test(url.host))
    throw new InvalidArgumentError("The address of a site is expected, such as https://models.example.org.");
  return [...before, url.origin];
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Headers that give a page shared memory, and with it threads, and that keep other pages of this machine's browsers from reading along. */
const isolation = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
};

/** What is served, and how. */
interface Served {
  /** Folders by the path that they are below, which ends with a slash. The longest path that fits counts. */
  readonly folders: Readonly<Record<string, string>>;
  /** The Content-Security-Policy of every answer. */
  readonly policy: string;
}

/**
 * Serves folders on the loopback interface alone, to be read.
 *
 * @param port 0 takes a free one
 */
async function serveFolders(served: Served, port: number): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    void answer(served, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((ready, failed) => {
    server.once("error", failed);
    server.listen(port, "127.0.0.1", ready);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function answer(
  { folders, policy }: Served,
  { url = "/", method, headers: { host = "" } }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = { "Content-Security-Policy": policy, ...isolation };
  const refuse = (status: number, why: string) =>
    response.writeHead(status, { ...headers, "Content-Type": "text/plain; charset=utf-8" }).end(`${why}\n`);
  if (!isAllowedHost(host, [])) return void refuse(403, "this server is reached as 127.0.0.1 or localhost");
  if (method !== "GET" && method !== "HEAD") return void refuse(405, "files are read, by GET or HEAD");
  const file = fileOf(folders, url);
  const found = file === null ? null : await stat(file).catch(() => null);
  if (file === null || !found?.isFile()) return void refuse(404, "there is no such file");
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { ...headers, "Content-Type": type, "Content-Length": found.size });
  if (method === "HEAD") response.end();
  else
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
}

/** The file behind an address; null where it leads out of its folder. */
function fileOf(folders: Readonly<Record<string, string>>, url: string): string | null {
  try {
    // The URL parser resolves "..", whichever way it is written.
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const below = Object.keys(folders)
      .filter((begin) => path.startsWith(begin))
      .sort((a, b) => b.length - a.length)[0];
    if (below === undefined || path.includes("\0")) return null;
    const folder = folders[below]!;
    const rest = path.slice(below.length);
    const file = join(folder, rest === "" || rest.endsWith("/") ? `${rest}index.html` : rest);
    return file.startsWith(folder + sep) ? file : null;
  } catch {
    return null;
  }
}
