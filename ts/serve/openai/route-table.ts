import { ApiError } from "./api-error.js";
import type { LoggedRequest } from "./request-log.js";

/** A request, and the name at the end of its path; empty for a path without one. */
export interface Call {
  readonly request: Request;
  readonly name: string;
  readonly logged: LoggedRequest;
}

/** Answers a request. Rejects with `ApiError` or `Refusal` if it is refused. */
type Handler = (call: Call) => Response | Promise<Response>;

/** Paths with what answers them, by method. `{name}` at the end stands for the rest of a path. */
export type RouteTable = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

const NAME = "{name}";

/** The table's path for an address, and the name at its end; null for an unknown address. */
export function routeOf(table: RouteTable, pathname: string): { readonly path: string; readonly name: string } | null {
  if (Object.hasOwn(table, pathname)) return { path: pathname, name: "" };
  for (const path of Object.keys(table)) {
    const start = path.slice(0, -NAME.length);
    if (path.endsWith(NAME) && pathname.startsWith(start) && pathname.length > start.length)
      return { path, name: decoded(pathname.slice(start.length)) };
  }
  return null;
}

/** A path's name among metrics: one of a few, not what the client wrote. */
export const labelOf = (path: string | undefined): string =>
  path?.replace(/^\/(?:v1\/)?/, "").replace(`/${NAME}`, "") ?? "other";

/** Answers a request. Rejects with `ApiError` for an unknown address or method. */
export async function handled(table: RouteTable, request: Request, logged: LoggedRequest): Promise<Response> {
  const { method, url } = request;
  const { pathname } = new URL(url);
  const route = routeOf(table, pathname);
  if (route === null)
    throw new ApiError(404, "unknown_url", `there is no ${method} ${pathname} here; ${advice(table, pathname)}`);
  const methods = table[route.path]!;
  if (Object.hasOwn(methods, method)) return methods[method]!({ request, name: route.name, logged });
  const allow = Object.keys(methods).join(", ");
  throw new ApiError(405, "method_not_allowed", `${allow} is expected, got ${method}`, null, { allow });
}

/** What to ask instead: the usual mistake is a client's base address without `/v1`, or with it twice. */
function advice(table: RouteTable, pathname: string): string {
  const meant = pathname.startsWith("/v1/") ? pathname.slice(3) : `/v1${pathname}`;
  if (routeOf(table, meant) === null) return "GET /openapi.json lists the addresses";
  return `there is ${meant}: a client's base address ends in /v1, once`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
