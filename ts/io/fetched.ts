import { clip } from "../errors/excerpt.js";
import type { ModelError } from "../errors/errors.js";

/** Makes the error that says what is wrong with an address. */
export type Failure = (problem: string, cause?: unknown) => ModelError;

/** An answer, whatever its status. Throws where there is none. */
export async function fetched(url: string, options: RequestInit, fail: Failure): Promise<Response> {
  return fetch(url, options).catch((cause: unknown) => {
    throw fail(`could not be fetched: ${clip(String(cause))}`, cause);
  });
}

/** The body of an answer. Throws where it breaks off. */
export async function bodyOf(response: Response, fail: Failure): Promise<Uint8Array> {
  const body = await response.arrayBuffer().catch((cause: unknown) => {
    throw fail(`broke off: ${clip(String(cause))}`, cause);
  });
  return new Uint8Array(body);
}
