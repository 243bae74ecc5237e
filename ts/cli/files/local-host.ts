import { isIP } from "node:net";
import type { Handler } from "./http-bridge.js";

/** Whether a server that listens on this name or address is reached from this machine alone. */
export const isLocal = (host: string): boolean => /^(127\.|::1$|localhost$)/i.test(host);

/**
 * A handler for requests to an address, to "localhost" or to `host`. Others are refused: the owner of another name can point it at this machine,
 * and then its pages could ask as if they came from here ("DNS rebinding").
 */
export function refusingOtherNames(handle: Handler, host: string): Handler {
  return async (request) => {
    const asked = (request.headers.get("host") ?? "").toLowerCase().replace(/:\d*$/, "");
    const name = asked.replace(/^\[(.*)\]$/, "$1");
    if (isIP(name) > 0 || name === "localhost" || name === host.toLowerCase()) return handle(request);
    const message =
      "without an API key this server is reached as localhost or by its address; set LOWRANK_API_KEY for another name";
    const error = { message, type: "invalid_request_error", param: null, code: "host" };
    return Response.json({ error }, { status: 403 });
  };
}
