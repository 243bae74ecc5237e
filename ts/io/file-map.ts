/** Files by name (`"adapter_config.json"`), their bytes in memory: what a folder holds, without a file system. */
export type FileMap = Readonly<Record<string, Uint8Array>>;

/** A `FileMap` that was made here: what `new Blob` and `fetch` take, since its memory is shared with no thread. */
export type SavedFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
