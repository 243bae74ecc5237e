import { excerpt } from "../../errors/excerpt.js";
import { ApiError } from "./api-error.js";
import type { LanguageServerSettings } from "./language-server-options.js";

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/;

/**
 * Whether a server answers requests with this Host header: an address, "localhost" (or a name that ends in ".localhost"), or one of `names`, which are in
 * lower case. The owner of another name can point it at this machine, and a page of that name then asks as if it came from here ("DNS rebinding").
 */
export function isAllowedHost(header: string, names: readonly string[]): boolean {
  const name = header.toLowerCase().replace(/:\d*$/, "");
  return ADDRESS.test(name) || /^([\w-]+\.)*localhost$/.test(name) || names.includes(name);
}

const digest = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

/** API keys, compared by their hashes and without an early end, so that the time of an answer says nothing about them. */
export class ApiKeys {
  private readonly hashes: Promise<readonly Uint8Array[]>;

  constructor(private readonly keys: readonly string[]) {
    this.hashes = keys.length === 0 ? Promise.resolve([]) : Promise.all(keys.map(digest));
    // A failure is that of each request.
    this.hashes.catch(() => undefined);
  }

  /** Throws `ApiError` unless the request has one of the keys, or none is needed. */
  async check(headers: Headers): Promise<void> {
    if (this.keys.length === 0) return;
    const [, given = ""] = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
    const own = await digest(given);
    const known = (await this.hashes).map((hash) => hash.reduce((sum, byte, i) => sum | (byte ^ own[i]!), 0));
    if (known.includes(0)) return;
    const message =
      "an API key is expected, as `Authorization: Bearer KEY`: it is missing, or not one of this server's";
    throw new ApiError(401, "invalid_api_key", message, null, { "www-authenticate": "Bearer" });
  }
}

/** Throws `ApiError` if the request is for a name that the server does not have. */
export function checkHost({ headers, url }: Request, { allowedHosts }: LanguageServerSettings): void {
  const host = headers.get("host") ?? new URL(url).host;
  if (allowedHosts === undefined || isAllowedHost(host, allowedHosts)) return;
  const message = `this server is reached as localhost or by an address, not as ${excerpt(host)}: allow that name (--allowed-hosts, in a program allowedHosts), or set an API key`;
  throw new ApiError(403, "host", message);
}

/** The headers that let a page of another origin read an answer; none unless its origin is named. */
export function corsHeaders(request: Request, { cors }: LanguageServerSettings): Readonly<Record<string, string>> {
  const origin = request.headers.get("origin");
  if (cors.length === 0) return {};
  if (origin === null || !(cors.includes("*") || cors.includes(origin))) return { vary: "origin" };
  return { "access-control-allow-origin": origin, vary: "origin" };
}

/** The answer to a browser that asks whether a page may send a request. */
export function preflight(request: Request, allowed: Readonly<Record<string, string>>): Response {
  if (!("access-control-allow-origin" in allowed)) throw new ApiError(403, "cors", "pages of this origin may not ask");
  const headers = new Headers({ "access-control-allow-methods": "GET, POST, DELETE", "access-control-max-age": "600" });
  const asked = request.headers.get("access-control-request-headers");
  if (asked !== null) headers.set("access-control-allow-headers", asked);
  // Chromium asks so before a page of the internet may reach a private network.
  if (request.headers.get("access-control-request-private-network") === "true")
    headers.set("access-control-allow-private-network", "true");
  return new Response(null, { status: 204, headers });
}
