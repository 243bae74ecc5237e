import { keptSources, startWorker } from "../../../ts/entry/remote-browser.js";
import { joinFederation } from "../src/index.js";

/** What a page of a federation has. */
export const federation = { joinFederation, keptSources, startWorker };

Object.assign(globalThis, { federation });
