import { provideJobSources } from "../jobs/sources/job-sources.js";
import { localSources } from "../jobs/node/local-sources.js";
import "./node.js";

provideJobSources(localSources);

export * from "../jobs/index.js";
export { folderStore } from "../jobs/node/folder-store.js";
export { bucketStore } from "../jobs/node/bucket-store.js";
export type { BucketStore } from "../jobs/node/bucket-store.js";
export type { BucketOptions } from "../io/node/bucket/bucket-access.js";
