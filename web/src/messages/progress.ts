import { progress as de } from "./de-progress.js";
import { progress as en } from "./en-progress.js";
import { textsOf } from "./index.js";

export const progress = textsOf({ en, de });
