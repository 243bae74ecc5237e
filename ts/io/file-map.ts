/** Files in memory by name (`"adapter_config.json"`), as in a folder. */
export type FileMap = Readonly<Record<string, Uint8Array>>;

/** A `FileMap` made by this package: usable with `new Blob` and `fetch`, since its memory is not shared with other threads. */
export type SavedFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
