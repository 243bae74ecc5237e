/** Read at once at least: a bucket answers a range in some 20 ms, whatever its length. */
const WINDOW = 2 * 2 ** 20;

/**
 * A folder of an R2 bucket as a model: files are read by ranges, so that no more than one tensor, or a window of small ones,
 * is in memory beside those that are loaded.
 *
 * @param {import("@cloudflare/workers-types").R2Bucket} bucket
 * @param {string} folder
 * @param {AbortSignal} [signal] ends reading, also where the bucket gives no answer
 * @returns {import("lowrank").ModelSource}
 */
export function r2Model(bucket, folder, signal) {
  return {
    name: folder,
    async open(file) {
      const key = `${folder}/${file}`;
      const head = await answered(bucket.head(key), signal);
      return head === null ? null : ranges(bucket, key, head, signal);
    },
  };
}

/** What a bucket gives, as long as it is waited for. */
async function answered(work, signal) {
  signal?.throwIfAborted();
  let stop;
  const ended = new Promise((_, reject) => {
    stop = () => reject(signal.reason);
    signal?.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, ended]);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function ranges(bucket, key, { size, etag }, signal) {
  let [start, bytes] = [0, new Uint8Array(0)];
  const fetchRange = async (offset, length) => {
    // Another file under the same name would be half of each.
    const asked = bucket.get(key, { range: { offset, length }, onlyIf: { etagMatches: etag } });
    const part = await answered(asked, signal);
    if (part === null || !("body" in part)) throw new Error(`${key} was replaced while it was read; load it again`);
    return new Uint8Array(await answered(part.arrayBuffer(), signal));
  };
  return {
    size,
    async read(offset, length) {
      if (length >= WINDOW) return fetchRange(offset, length);
      if (offset < start || offset + length > start + bytes.length) {
        bytes = await fetchRange(offset, Math.min(WINDOW, size - offset));
        start = offset;
      }
      // A view: the next window is another buffer, and this one goes with the last view of it.
      return bytes.subarray(offset - start, offset - start + length);
    },
  };
}
