import { resolve } from "node:path";
import { isRemote } from "../../io/node/index.js";

/** An address of https or s3 as it is, or a path that leads there from another folder too. */
export const absolutePath = (place: string): string => (isRemote(place) ? place : resolve(place));
