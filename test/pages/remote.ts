import * as worker from "../../ts/entry/remote-browser.js";

/** The entry of `lowrank/worker`, as a page's tests call it. */
export const remote = worker;

Object.assign(globalThis, { remote });
