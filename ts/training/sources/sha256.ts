import { UnsupportedError } from "../../errors/errors.js";

/** SHA-256 in hexadecimal. Throws `UnsupportedError` if the runtime has no crypto.subtle. */
export async function sha256(bytes: Uint8Array, what = "runJob"): Promise<string> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new UnsupportedError(
      `${what}: hashing needs crypto.subtle, which pages have only under https and on localhost`,
      { op: what, missing: "crypto.subtle" },
    );
  }
  // It does not accept shared memory.
  const plain = bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
  const digest = await subtle.digest("SHA-256", plain as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
