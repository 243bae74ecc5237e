import { ConfigError, excerpt } from "lowrank/extension";
import { base64, bytesOfBase64 } from "./base64.js";

const CURVE = { name: "ECDSA", namedCurve: "P-384" } as const;
const SSH_NAME = "ecdsa-sha2-nistp384";

/** A P-384 key pair that identifies a node to a SuperLink. */
export interface NodeKey {
  /** PKCS #8 as PEM. Anyone who has it can join as this node. */
  readonly privateKey: string;
  /** Public key in OpenSSH format, for `flwr supernode register`. */
  readonly publicKey: string;
}

/** Creates a key to register a node with a server (`key` of `joinFederation`). Throws WebCrypto's errors. */
export async function createNodeKey(): Promise<NodeKey> {
  const pair = await crypto.subtle.generateKey(CURVE, true, ["sign", "verify"]);
  const [secret, point] = await Promise.all([
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
    crypto.subtle.exportKey("raw", pair.publicKey),
  ]);
  const fields = [SSH_NAME, "nistp384"].map((text) => new TextEncoder().encode(text));
  const blob = [...fields, new Uint8Array(point)].flatMap((field) => [...lengthOf(field), ...field]);
  return {
    privateKey: pem("PRIVATE KEY", new Uint8Array(secret)),
    publicKey: `${SSH_NAME} ${base64(Uint8Array.from(blob))}\n`,
  };
}

const lengthOf = ({ length }: Uint8Array) => [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255];

/** Signs a node's calls; has the public key in the server's format. */
export interface Signer {
  /** SubjectPublicKeyInfo as PEM. */
  readonly publicPem: Uint8Array<ArrayBuffer>;
  /** Signs a text; returns the signature as DER. */
  sign(text: string): Promise<Uint8Array>;
}

/**
 * A signer with the given registered key, or with a new key. Throws `ConfigError` for what
 * is not a P-384 private key.
 */
export async function signerOf(privateKey: string | undefined): Promise<Signer> {
  const pair = privateKey === undefined ? await newPair() : await pairOf(privateKey);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  return {
    publicPem: new TextEncoder().encode(pem("PUBLIC KEY", spki)),
    async sign(text) {
      const bytes = new TextEncoder().encode(text);
      return der(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, bytes)));
    },
  };
}

const newPair = () => crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);

async function pairOf(privateKey: string): Promise<CryptoKeyPair> {
  try {
    const [, body] = /^\s*-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/.exec(
      privateKey,
    )!;
    const bytes = bytesOfBase64(body!.replace(/\s/g, ""));
    const secret = await crypto.subtle.importKey("pkcs8", bytes, CURVE, true, ["sign"]);
    const { d: _, key_ops: __, ...open } = await crypto.subtle.exportKey("jwk", secret);
    return { privateKey: secret, publicKey: await crypto.subtle.importKey("jwk", open, CURVE, true, ["verify"]) };
  } catch (cause) {
    const begin = excerpt(privateKey.slice(0, 30));
    const expected = "a private key on the curve P-384, PKCS #8 as PEM (`lowrank flower key` makes one)";
    throw new ConfigError(
      `joinFederation: key is ${expected}, got text that starts with ${begin}`,
      { op: "joinFederation", option: "key", expected },
      { cause },
    );
  }
}

function pem(kind: string, bytes: Uint8Array): string {
  const lines = base64(bytes).match(/.{1,64}/g)!;
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}

/** Converts WebCrypto's signature r‖s to the DER sequence of two integers that Flower verifies. */
function der(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const integer = (bytes: Uint8Array) => {
    let first = 0;
    while (first < bytes.length - 1 && bytes[first] === 0) first++;
    const digits = [...bytes.subarray(first)];
    return digits[0]! & 0x80 ? [0, ...digits] : digits;
  };
  const [r, s] = [integer(signature.subarray(0, half)), integer(signature.subarray(half))];
  return Uint8Array.of(0x30, r.length + s.length + 4, 2, r.length, ...r, 2, s.length, ...s);
}
