import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, it } from "vitest";
import { type Handler, httpServerOf } from "../../../ts/cli/commands/serve.js";

let http: Server;
afterEach(async () => {
  http.closeAllConnections();
  await new Promise((closed) => http.close(closed));
});

async function listening(handler: Handler, unreadTime: number): Promise<number> {
  http = httpServerOf(handler, unreadTime);
  await once(http.listen(0, "127.0.0.1"), "listening");
  return (http.address() as AddressInfo).port;
}

it("a client that does not read its answer loses the connection, and one of events, which may be silent as long, does not", async () => {
  /** More than the system's buffers hold. */
  const large = new Uint8Array(2 ** 26);
  let events!: ReadableStreamDefaultController<Uint8Array>;
  let left = () => {};
  const dropped = new Promise<void>((resolve) => (left = resolve));
  const port = await listening(async (request) => {
    if (request.url.endsWith("/events")) {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (events = controller) });
      return new Response(body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
    }
    request.signal.addEventListener("abort", left);
    return new Response(large);
  }, 200);
  const stream = await fetch(`http://127.0.0.1:${port}/events`);
  const silent = connect(port, "127.0.0.1");
  silent.on("error", () => undefined);
  silent.write("GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await dropped;
  silent.destroy();
  events.enqueue(new TextEncoder().encode("data: 1\n\n"));
  events.close();
  expect(await stream.text()).toBe("data: 1\n\n");
});

it("a handler that keeps only the signal's listener hears that the client left, after a garbage collection too", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  let leave = () => {};
  const left = new Promise<void>((resolve) => (leave = resolve));
  const port = await listening(async (request) => {
    request.signal.addEventListener("abort", leave);
    return new Response(new ReadableStream<Uint8Array>({ start: (body) => body.enqueue(new Uint8Array(1)) }));
  }, 60_000);
  const client = connect(port, "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(client, "data");
  for (let round = 0; round < 3; round++) {
    await setTimeout(10);
    collectGarbage();
  }
  client.destroy();
  await left;
});

it("an answer that is read comes whole", async () => {
  const bytes = Uint8Array.from({ length: 2 ** 22 }, (_, i) => i);
  const port = await listening(async () => new Response(bytes), 60_000);
  for (let request = 0; request < 3; request++)
    expect(Buffer.compare(new Uint8Array(await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer()), bytes)).toBe(
      0,
    );
});

it("the path of a request is what follows the host, also where the whole address is sent", async () => {
  const port = await listening(async ({ url }) => new Response(url, { headers: { connection: "close" } }), 60_000);
  const asked = async (target: string) => {
    const socket = connect(port, "127.0.0.1");
    socket.write(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    let answer = "";
    for await (const piece of socket) answer += String(piece);
    return /http:.*/.exec(answer)?.[0];
  };
  expect(await asked("http://example.org:80/v1/models?a=//b")).toBe("http://localhost/v1/models?a=//b");
  expect(await asked("//example.org/v1/models")).toBe("http://localhost//example.org/v1/models");
  expect(await asked("HTTPS://example.org")).toBe("http://localhost/");
});
