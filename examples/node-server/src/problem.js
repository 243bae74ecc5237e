import { STATUS_CODES } from "node:http";

/** Problem details (RFC 9457), as the server of adapters gives them. */
export const problem = (status, code, detail, headers = {}) =>
  new Response(JSON.stringify({ type: "about:blank", title: STATUS_CODES[status], status, code, detail }), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
