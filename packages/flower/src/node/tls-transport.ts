import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent, request } from "node:https";
import { GatheredBytes, type Transport } from "../wire/transport.js";

/**
 * Requests that trust a server by certificates of one's own.
 * @param certificates PEM of those that are trusted, in place of the system's
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
            // As other runtimes have bytes: a Buffer's slice is no copy.
            chunks.add(new Uint8Array(buffer, byteOffset, byteLength));
          } catch (error) {
            // Which "error" above then tells.
            response.destroy(error as Error);
          }
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes: chunks.all() }));
      });
      send.end(body);
    });
}
