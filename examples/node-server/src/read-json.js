import { problem } from "./problem.js";

const PATIENCE = 30_000;

/**
 * The JSON object that a request carries, no more than `most` bytes of it; otherwise the answer that refuses it. A body that is
 * up to twice as long is read to its end and dropped: a client that is still sending when the connection closes may lose the answer.
 */
export async function readJson(request, most) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers.get("content-type") ?? ""))
    return problem(415, "MEDIA_TYPE", "content-type: application/json is expected");
  const pieces = [];
  let size = 0;
  const reader = request.body.getReader();
  const timer = setTimeout(() => void reader.cancel("late").catch(() => undefined), PATIENCE);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > 2 * most) break;
      if (size > most) pieces.length = 0;
      else pieces.push(value);
    }
    if (size > 2 * most) reader.cancel().catch(() => undefined);
    if (size > most) return problem(413, "BODY_SIZE", `a body has at most ${most} bytes`);
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces)));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Not JSON, not text, or not all of it.
  } finally {
    clearTimeout(timer);
  }
  return problem(400, "FORMAT", "the body: expected a JSON object");
}
