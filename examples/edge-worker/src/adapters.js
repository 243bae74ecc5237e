/** What a classifier, or an adapter alone, is made of. */
const FILES = ["labels.json", "head.safetensors", "adapter_config.json", "adapter_model.safetensors"];

/**
 * Adapters by keys `<tenant>/<version>/<file>`; `<tenant>/current` holds the version that requests mean that name none. The
 * server checks names before they come here: none has a slash.
 *
 * @param {(key: string) => Promise<Uint8Array | null>} read
 * @returns {import("lowrank/serve").AdapterStore}
 */
export function keyedAdapters(read) {
  return {
    async files(tenant, version) {
      const found = await Promise.all(FILES.map(async (file) => [file, await read(`${tenant}/${version}/${file}`)]));
      const files = Object.fromEntries(found.filter(([, bytes]) => bytes !== null));
      return Object.keys(files).length === 0 ? null : files;
    },
    // They were read for this one call; a collector would take its time.
    done(files) {
      for (const { buffer } of Object.values(files)) buffer.transfer(0);
    },
    async current(tenant) {
      const bytes = await read(`${tenant}/current`);
      return bytes === null ? null : new TextDecoder().decode(bytes).trim();
    },
  };
}

/** Of a KV namespace: read from the edge's own cache, and seen everywhere within a minute. */
export const kvAdapters = (namespace) =>
  keyedAdapters(async (key) => {
    const value = await namespace.get(key, { type: "arrayBuffer", cacheTtl: 60 });
    return value === null ? null : new Uint8Array(value);
  });

/** Of an R2 bucket, under `adapters/`: for adapters above KV's 25 MiB, and seen at once. */
export const r2Adapters = (bucket) =>
  keyedAdapters(async (key) => {
    const object = await bucket.get(`adapters/${key}`);
    return object === null ? null : new Uint8Array(await object.arrayBuffer());
  });
