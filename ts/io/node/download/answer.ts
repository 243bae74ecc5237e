import { ConfigError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { Interrupted } from "./patience.js";

/** Asks a server for something; the headers may say for which part. */
export type Ask = (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<Response>;

/** Answers by which a server says that it may know better soon. 409 is what buckets say of two conditional writes at once. */
const PASSING = [408, 409, 425, 429, 500, 502, 503, 504];

/** The response. Throws `Interrupted` if none arrived, or for a temporary error. */
export async function answerOf(
  ask: Ask,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const response = await ask(headers, signal).catch((cause: unknown) => {
    throw interruption("could not be reached", cause);
  });
  if (!PASSING.includes(response.status)) return response;
  await discard(response);
  throw new Interrupted(`answered ${response.status}`);
}

/** Converts a network error to `Interrupted`. */
export function interruption(what: string, cause: unknown): Interrupted {
  // `fetch` reports only that it failed; the reason is in `cause`.
  const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return new Interrupted(`${what}: ${clip(reason instanceof Error ? reason.message : String(reason))}`, { cause });
}

/** Throws `ConfigError` that says what a server refused by. */
export async function refused(name: string, response: Response): Promise<never> {
  const { status, headers } = response;
  const text = headers.get("content-type")?.includes("xml") ? await response.text().catch(() => "") : "";
  if (text === "") await discard(response);
  const [code, message] = ["Code", "Message"].map(
    (tag) => new RegExp(`<${tag}>([^<]{1,200})</${tag}>`).exec(text)?.[1],
  );
  const why = code === undefined ? "" : ` (${code}${message === undefined ? "" : `: ${message}`})`;
  throw new ConfigError(`${clip(name)} answered ${status}${why}`, { name, status });
}

/** Whether the server does not have the file. Throws `ConfigError` if the bucket is missing. */
export async function absent(name: string, response: Response): Promise<null> {
  if (!response.headers.get("content-type")?.includes("xml")) {
    await discard(response);
    return null;
  }
  const text = await response.text().catch(() => "");
  if (text.includes("<Code>NoSuchBucket</Code>"))
    throw new ConfigError(`${clip(name)} answered 404 (NoSuchBucket): there is no such bucket`, { name, status: 404 });
  return null;
}

/** Cancels an unread body. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}
