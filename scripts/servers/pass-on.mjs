import { request as ask } from "node:http";

/**
 * Passes a request on to another server, and its answer back.
 * @param {string} address where that server is, and what of it is asked for
 * @param {import("node:http").IncomingMessage} request
 * @param {import("node:http").ServerResponse} response
 */
export function passOn(address, request, response) {
  const { method, headers } = request;
  const passed = ask(address, { method, headers }, (from) => {
    response.writeHead(from.statusCode, from.headers);
    from.pipe(response);
  });
  passed.on("error", () => response.writeHead(502).end());
  request.pipe(passed);
}
