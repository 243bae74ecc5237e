// @rest services
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { tlsTransport } from "../src/node/tls-transport.js";
import { Fleet } from "../src/wire/fleet.js";
import * as wire from "../src/wire/fleet_pb.js";
import { signerOf } from "../src/wire/node-key.js";
import { fetchTransport, type Transport } from "../src/wire/transport.js";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A server that does one thing to every request. */
async function serving(answer: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function pulled(address: string, transport: Transport, patience: number, signal?: AbortSignal) {
  const fleet = new Fleet({ server: address, signer: await signerOf(undefined), transport, patience });
  const call = [wire.PullMessagesRequestSchema, wire.PullMessagesResponseSchema] as const;
  return fleet.call("pull-messages", call, {}, signal);
}

const transports = [fetchTransport, tlsTransport("-----BEGIN CERTIFICATE-----")];

it("a server that holds a connection and says nothing, or no more, is given up like one that is not there", async () => {
  for (const transport of transports)
    for (const begun of ["", "abc"]) {
      const address = await serving((_, response) => {
        if (begun !== "") response.writeHead(200, { "content-length": 10 }).write(begun);
      });
      await expect(pulled(address, transport, 0.3)).rejects.toThrow(/no answer for 0\.3 s \(.*does not answer/);
      server.closeAllConnections();
    }
});

it("whoever waits for such a server leaves at once", async () => {
  const address = await serving(() => undefined);
  for (const transport of transports) {
    const leaving = AbortSignal.timeout(50);
    await expect(pulled(address, transport, 600, leaving)).rejects.toMatchObject({ name: "AbortError" });
  }
});

it("an answer that comes slowly is waited for, and one without an end is cut off", async () => {
  for (const transport of transports) {
    // An empty message at last, in more time than there may be silence.
    const slow = await serving((_, response) => {
      response.writeHead(200);
      let pieces = 0;
      const ticking = setInterval(() => {
        response.write(Uint8Array.of(0xfa, 0x01, 0));
        if (++pieces === 12) response.end(() => clearInterval(ticking));
      }, 200);
    });
    expect(await pulled(slow, transport, 2)).toMatchObject({ messagesList: [] });
    server.closeAllConnections();
    const endless = await serving((_, response) => {
      response.writeHead(200);
      const more = () => !response.destroyed && response.write(new Uint8Array(65_536), more);
      more();
    });
    await expect(pulled(endless, transport, 60)).rejects.toThrow(/more than 1048576 bytes/);
    server.closeAllConnections();
  }
});

it("nobody to whom a server leads gets a node's signature and what it has trained", async () => {
  for (const transport of transports)
    for (const status of [301, 302, 303, 307, 308]) {
      const reached: string[] = [];
      const address = await serving(({ url, headers }, response) => {
        if (url !== "/elsewhere") return void response.writeHead(status, { location: "/elsewhere" }).end("go there");
        reached.push(String(headers["flwr-signature"]));
        response.end();
      });
      const refusal = new RegExp(`the server refuses \\(${status}\\): go there; it leads to another address`);
      await expect(pulled(address, transport, 60)).rejects.toThrow(refusal);
      expect(reached).toEqual([]);
      server.closeAllConnections();
    }
});
