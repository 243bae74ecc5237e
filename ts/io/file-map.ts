/** Files by name (`"adapter_config.json"`), their bytes in memory: what a folder holds, without a file system. */
export type FileMap = Readonly<Record<string, Uint8Array>>;
