import * as everywhere from "../../ts/entry/browser.js";
import * as jobs from "../../ts/entry/jobs-browser.js";

/** Both public entries, as a page's tests call them. */
export const lowrank = { ...everywhere, ...jobs };

Object.assign(globalThis, { lowrank });
