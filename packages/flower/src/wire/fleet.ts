import { clip, stopwatch, throwIfAborted } from "lowrank/extension";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FederationError } from "../federation-error.js";
import { pause } from "../pause.js";
import { base64 } from "./base64.js";
import type { Signer } from "./node-key.js";
import { Silence } from "./silence.js";
import type { Answer, Transport } from "./transport.js";

const MEDIA_TYPE = "application/protobuf";
/** Status codes of a server or proxy that is busy or restarting. */
const PASSING = [408, 429, 502, 503, 504];
/** HTTP statuses after which the server itself may have executed the call. */
const LOST = [502, 504];
/** Most bytes of an answer without an object. */
const MOST = 2 ** 20;
const LONGEST_PAUSE = 5_000;

/** Options of all calls of a node. */
export interface FleetOptions {
  /** Address of the server, without the path. */
  readonly server: string;
  readonly signer: Signer;
  readonly transport: Transport;
  /** Seconds without an answer after which a call fails. */
  readonly patience: number;
}

/** Client of a SuperLink's Fleet API: Flower's protobuf over HTTP with signed calls. */
export class Fleet {
  /** Bytes of all requests and answers so far, without headers. */
  readonly traffic = { sent: 0, received: 0 };

  constructor(private readonly options: FleetOptions) {}

  /**
   * Makes a call, with retries while the server cannot be reached. Throws `FederationError` if this takes too long, and if the server refuses or
   * answers with an invalid message; `AbortError`.
   *
   * @param path the call's path
   * @param how `most`: most bytes of the answer; `once`: no retry, because the server does not repeat this answer. The reason of
   * the error is then "lost"
   */
  async call<Q extends DescMessage, A extends DescMessage>(
    path: string,
    [request, answer]: readonly [Q, A],
    fields: MessageInitShape<Q>,
    signal?: AbortSignal,
    { most = MOST, once = false }: { readonly most?: number; readonly once?: boolean } = {},
  ): Promise<MessageShape<A>> {
    const address = `${this.options.server}/v1/fleet/${path}`;
    const body = toBinary(request, create(request, fields));
    const { status, bytes } = await this.answered(address, body, signal, most, once);
    this.traffic.sent += body.length;
    this.traffic.received += bytes.length;
    if (status !== 200) throw refusal(address, status, bytes);
    try {
      return fromBinary(answer, bytes);
    } catch (cause) {
      const message = `${address}: the answer is not a Flower message: is this the address of a SuperLink?`;
      throw new FederationError(message, { address, expected: answer.typeName }, { cause });
    }
  }

  private async answered(
    address: string,
    body: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
    most: number,
    once: boolean,
  ): Promise<Answer> {
    const { transport, patience } = this.options;
    const elapsed = stopwatch();
    for (let next = 250; ; next = Math.min(2 * next, LONGEST_PAUSE)) {
      throwIfAborted(signal);
      let why: unknown;
      let isLost = once;
      const headers = await this.headers();
      const silence = new Silence(patience, body.length, signal);
      try {
        const found = await transport(address, { headers, body, signal: silence.signal, heard: silence.heard }, most);
        if (!PASSING.includes(found.status)) return found;
        why = `status ${found.status}`;
        isLost &&= LOST.includes(found.status);
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof FederationError) throw error;
        why = error;
      } finally {
        silence.end();
      }
      const problem = isUntrusted(why)
        ? "the server's certificate is not trusted"
        : isLost
          ? "no answer"
          : elapsed() > 1000 * patience && `no answer for ${patience} s`;
      if (problem !== false)
        throw new FederationError(
          `${address}: ${problem} (${clip(causesOf(why))}); ${adviceOn(why)}`,
          { address, patience, ...(isLost && { reason: "lost" }) },
          { cause: why },
        );
      await pause(next, signal);
    }
  }

  /** Each request gets a new signature, because the server rejects those older than a minute. */
  private async headers(): Promise<Record<string, string>> {
    const { signer } = this.options;
    const time = new Date().toISOString().replace("Z", "+00:00");
    return {
      "content-type": MEDIA_TYPE,
      accept: MEDIA_TYPE,
      "flwr-public-key": base64(signer.publicPem),
      "flwr-timestamp": time,
      "flwr-signature": base64(await signer.sign(time)),
    };
  }
}

/** Retries do not help with an untrusted certificate. */
const isUntrusted = (why: unknown) => /certificate/i.test(causesOf(why));

function adviceOn(why: unknown): string {
  if (isUntrusted(why))
    return "a certificate of an authority of one's own is trusted by rootCertificates, on the command line --root-certificates";
  return "is a SuperLink running there, does it speak http or https as the address says, and does the page's origin reach it?";
}

/** The messages of an error and its causes. The error of `fetch` only says that it failed. */
function causesOf(error: unknown): string {
  const { message = String(error), cause } = Object(error) as { message?: string; cause?: unknown };
  return cause === undefined ? message : `${message}: ${causesOf(cause)}`;
}

function refusal(address: string, status: number, bytes: Uint8Array): FederationError {
  const said = clip(new TextDecoder().decode(bytes).replace(/\s+/g, " "), 300);
  const advice = adviceOnRefusal(status, said);
  const message = `${address}: the server refuses (${status}): ${said}${advice === null ? "" : `; ${advice}`}`;
  return new FederationError(message, { address, status, said });
}

/** Advice for a refused call; null if there is none. */
function adviceOnRefusal(status: number, said: string): string | null {
  if (status >= 300 && status < 400)
    return "it leads to another address, which is not gone to with a node's signature: give that one as the server, if it is to be trusted";
  if (status === 401)
    return "a server that authenticates nodes knows those whose public key was registered (`flwr supernode register`), and clocks may differ by a minute at most";
  if (status === 404) return "SuperLinks of Flower before 1.40 have no such address";
  if (said.includes("authentication is enabled"))
    return "join with a key that was registered (`lowrank flower key`, then `flwr supernode register`)";
  return null;
}
