import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { GatheredBytes, type Transport } from "../wire/transport.js";

/**
 * A transport that trusts the given certificates.
 * @param certificates trusted certificates as PEM, instead of the system's
 */
export function tlsTransport(certificates: string): Transport {
  const secure = new Agent({ ca: certificates, keepAlive: true });
  const plain = new PlainAgent({ keepAlive: true });
  return (address, { headers, body, signal, heard }, most) =>
    new Promise((resolve, reject) => {
      const options = { method: "POST", headers: { ...headers, "content-length": body.length }, signal };
      const send = address.startsWith("https:")
        ? request(address, { ...options, agent: secure })
        : plainRequest(address, { ...options, agent: plain });
      send.on("error", reject);
      send.on("response", (response) => {
        const chunks = new GatheredBytes(address, most);
        response.on("error", reject);
        response.on("data", ({ buffer, byteOffset, byteLength }: Buffer) => {
          try {
            heard();
            // A plain Uint8Array, as in other runtimes, because a Buffer's slice is not a copy.
            chunks.add(new Uint8Array(buffer, byteOffset, byteLength));
          } catch (error) {
            // The "error" handler above reports it.
            response.destroy(error as Error);
          }
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes: chunks.all() }));
      });
      send.end(body);
    });
}
