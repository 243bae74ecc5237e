import { once } from "node:events";
import { type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { httpServerOf } from "../../../ts/cli/files/http-bridge.js";
import { isLocal, refusingOtherNames } from "../../../ts/cli/files/local-host.js";

let http: Server;
beforeAll(async () => {
  http = httpServerOf(refusingOtherNames(async () => new Response("yes"), "127.0.0.5"));
  await once(http.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => new Promise((closed) => http.close(closed)));

async function ask(host: string) {
  const { port } = http.address() as AddressInfo;
  const asked = request({ host: "127.0.0.1", port, headers: { host }, agent: false }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return { status: answer.statusCode, body: await text(answer) };
}

it("requests to localhost and to addresses are answered", async () => {
  for (const host of [
    "localhost",
    "LocalHost:8080",
    "127.0.0.1:80",
    "127.0.0.5",
    "[::1]",
    "[::1]:8080",
    "192.168.1.4:1",
  ])
    expect([host, await ask(host)]).toEqual([host, { status: 200, body: "yes" }]);
});

it("requests to other names are refused, in the form of OpenAI's API", async () => {
  for (const host of [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "a:b:1",
  ]) {
    const { status, body } = await ask(host);
    expect([host, status]).toEqual([host, 403]);
    expect(JSON.parse(body)).toMatchObject({ error: { type: "invalid_request_error", code: "host", param: null } });
  }
});

it("knows what is reached from this machine alone", () => {
  expect(["127.0.0.1", "127.1.2.3", "::1", "localhost"].map(isLocal)).toEqual([true, true, true, true]);
  expect(["0.0.0.0", "::", "192.168.1.4", "localhost.example", "1::1"].map(isLocal)).not.toContain(true);
});
