import { judged as de } from "./de-judged.js";
import { judged as en } from "./en-judged.js";
import { textsOf } from "./index.js";

export const judged = textsOf({ en, de });
