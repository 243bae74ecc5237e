import { compare as de } from "./de-compare.js";
import { compare as en } from "./en-compare.js";
import { textsOf } from "./index.js";

export const compare = textsOf({ en, de });
