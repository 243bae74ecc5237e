import type { AddressInfo } from "node:net";
import OpenAI from "openai";
import { type Handler, httpServerOf } from "../../../ts/cli/commands/serve.js";

/** A server of a handler on a free port of this machine, and OpenAI's own client for it. */
export async function listening(handler: Handler, apiKey = "none") {
  const http = httpServerOf(handler);
  await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
  const close = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { client, url, close };
}
