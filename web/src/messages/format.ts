import { format as de } from "./de-format.js";
import { format as en } from "./en-format.js";
import { textsOf } from "./index.js";

export const format = textsOf({ en, de });
