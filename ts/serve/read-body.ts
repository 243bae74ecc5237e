import { isJsonObject, type Json, parseJson } from "../io/json.js";
import { Refusal } from "./problem.js";

/** The fields of a body, by name. */
type Fields = Readonly<Record<string, Json>>;

/**
 * The JSON object in a request. Reads at most `most` bytes, whatever the headers say; `gone` cancels. Throws `Refusal`.
 */
export async function readFields(request: Request, most: number, gone: Promise<never>): Promise<Fields> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Refusal("MEDIA_TYPE", `content-type: application/json is expected, got ${JSON.stringify(type)}`);
  const coding = request.headers.get("content-encoding") ?? "identity";
  if (coding.toLowerCase() !== "identity")
    throw new Refusal("MEDIA_TYPE", "a body is sent as it is: content-encoding is not taken");
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
  const bytes = await readBytes(request.body, most, gone);
  const value = parseJson(bytes, (problem) => new Refusal("FORMAT", `the body: ${problem}`));
  if (isJsonObject(value)) return value;
  throw new Refusal("FORMAT", "the body: expected a JSON object");
}

async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  most: number,
  gone: Promise<never>,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  // One buffer, and one race: a piece may be a single byte, and each race stays in memory as long as `gone`.
  let [all, size] = [new Uint8Array(4096), 0];
  const read = async (): Promise<Uint8Array> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return all.subarray(0, size);
      const total = size + value.byteLength;
      if (total > most) throw tooLarge(most);
      if (total > all.length) {
        const larger = new Uint8Array(Math.max(2 * all.length, total));
        larger.set(all);
        all = larger;
      }
      all.set(value, size);
      size = total;
    }
  };
  try {
    return await Promise.race([read(), gone]);
  } catch (error) {
    // If the connection broke, there is nothing to cancel.
    reader.cancel().catch(() => undefined);
    throw error instanceof Refusal ? error : new Refusal("ABORTED", "the body broke off");
  }
}

const tooLarge = (most: number) =>
  new Refusal("BODY_SIZE", `a body has at most ${most} bytes; send fewer texts at a time`, { maximum: most });
