import { provideJobSources } from "../jobs/sources/job-sources.js";
import { localSources } from "../jobs/node/local-sources.js";
import "./node.js";

provideJobSources(localSources);

export * from "../jobs/index.js";
export { folderStore } from "../jobs/node/folder-store.js";
