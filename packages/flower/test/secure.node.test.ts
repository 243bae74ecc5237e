// @rest services
import { afterAll, beforeAll, expect, it } from "vitest";
import { Flower } from "../../../scripts/servers/flower.mjs";
import { createNodeKey, FederationError } from "../src/index.js";
import { fetchTransport } from "../src/wire/transport.js";
import { tlsTransport } from "../src/node/tls-transport.js";
import { FleetNode } from "../src/fleet-node.js";
import { Fleet } from "../src/wire/fleet.js";
import { signerOf } from "../src/wire/node-key.js";

let flower: Flower;
beforeAll(async () => void (flower = await Flower.start({ secure: true })), 120_000);
afterAll(() => flower?.stop());

async function joined(
  privateKey: string | undefined,
  transport = tlsTransport(flower.certificate),
  patience = 1,
): Promise<bigint> {
  const signer = await signerOf(privateKey);
  const fleet = new Fleet({ server: flower.address, signer, transport, patience });
  const node = await FleetNode.join(fleet, signer, privateKey !== undefined);
  expect(await node.next()).toBeNull();
  await node.leave();
  return node.id;
}

it("a server with TLS and keys takes the nodes that it knows, as often as they come, and no others", async () => {
  const { privateKey, publicKey } = await createNodeKey();
  await expect(joined(privateKey)).rejects.toThrow(FederationError);
  await flower.register(publicKey);
  const first = await joined(privateKey);
  expect(await joined(privateKey)).toBe(first);
  // Neither one that it learns now, nor another's.
  await expect(joined(undefined)).rejects.toThrow(/the server refuses .*; join with a key that was registered/);
  await expect(joined((await createNodeKey()).privateKey)).rejects.toThrow(/the server refuses/);
  // A certificate that nobody has vouched for.
  await expect(joined(privateKey, fetchTransport, 600)).rejects.toThrow(
    /the server's certificate is not trusted \(.*certificate.*; .* trusted by rootCertificates/,
  );
});
