import { concatenated } from "lowrank/extension";
import { FederationError } from "../federation-error.js";

/** A request's answer. */
export interface Answer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** Posts bytes to an address. Rejects where there is no answer, and with `FederationError` for one of more bytes than `most`. */
export type Transport = (address: string, request: PostedRequest, most: number) => Promise<Answer>;

/** What is posted. */
export interface PostedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** Called with every piece of the answer that has come. */
  readonly heard: () => void;
}

/**
 * By `fetch`, which every runtime has. It follows no redirect: whoever it leads to would get what this node has trained, and signed headers, by
 * which anybody is this node for a minute.
 */
export const fetchTransport: Transport = async (address, { heard, ...request }, most) => {
  const response = await fetch(address, { ...request, method: "POST", redirect: "manual" });
  const chunks = new GatheredBytes(address, most);
  // Not every browser walks a stream by `for await`.
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
  // A page is not told where a redirect leads, nor its status.
  const status = response.type === "opaqueredirect" ? 302 : response.status;
  return { status, bytes: chunks.all() };
};

/** Bytes that come in pieces, from a server that may never stop. */
export class GatheredBytes {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;

  constructor(
    private readonly address: string,
    private readonly most: number,
  ) {}

  /** Throws `FederationError` where they are too many. */
  add(piece: Uint8Array): void {
    const { address, most } = this;
    this.length += piece.length;
    if (this.length > most)
      throw new FederationError(`${address}: the answer has more than the ${most} bytes that it may have`, {
        ...{ address, maximum: most },
      });
    this.pieces.push(piece);
  }

  all(): Uint8Array {
    return concatenated(this.pieces);
  }
}
