import { rank as de } from "./de-rank.js";
import { rank as en } from "./en-rank.js";
import { textsOf } from "./index.js";

export const rank = textsOf({ en, de });
