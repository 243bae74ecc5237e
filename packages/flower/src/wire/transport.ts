import { concatenated } from "lowrank/extension";
import { FederationError } from "../federation-error.js";

/** The answer to a request. */
export interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** Posts bytes to an address. Rejects if there is no answer, and with `FederationError` for an answer of more than `most` bytes. */
export type Transport = (address: string, request: PostedRequest, most: number) => Promise<Answer>;

/** A request. */
interface PostedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** Called for each received part of the answer. */
  readonly heard: () => void;
}

/**
 * A transport with `fetch`, for every runtime. It does not follow redirects: the target would get this node's trained weights, and signed headers, with
 * which it could pose as this node for a minute.
 */
export const fetchTransport: Transport = async (address, { heard, ...request }, most) => {
  const response = await fetch(address, { ...request, method: "POST", redirect: "manual" });
  const chunks = new GatheredBytes(address, most);
  // Not every browser supports `for await` on streams.
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read !== undefined && !read.done; read = await reader?.read()) {
    try {
      heard();
      chunks.add(read.value);
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      throw error;
    }
  }
  // A page sees neither the target nor the status of a redirect.
  const status = response.type === "opaqueredirect" ? 302 : response.status;
  return { status, bytes: chunks.all() };
};

/** Collects received parts, with a limit because the server may never stop. */
export class GatheredBytes {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  constructor(
    private readonly address: string,
    private readonly most: number,
  ) {}

  /** Throws `FederationError` if there are too many bytes. */
  add(piece: Uint8Array): void {
    const { address, most } = this;
    this.length += piece.length;
    if (this.length > most)
      throw new FederationError(`${address}: the answer has more than ${most} bytes`, {
        address,
        maximum: most,
      });
    this.pieces.push(piece);
  }

  all(): Uint8Array {
    return concatenated(this.pieces);
  }
}
