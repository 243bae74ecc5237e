import { provideJobSources } from "../training/sources/job-sources.js";
import { localSources } from "../training/node/local-sources.js";
import "./node.js";

provideJobSources(localSources);

export * from "../jobs/index.js";
export { folderStore } from "../training/node/folder-store.js";
export { bucketStore, type BucketStore } from "../training/node/bucket-store.js";
export type { BucketOptions } from "../io/node/bucket/bucket.js";
