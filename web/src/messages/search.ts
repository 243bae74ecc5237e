import { search as de } from "./de-search.js";
import { search as en } from "./en-search.js";
import { textsOf } from "./index.js";

export const search = textsOf({ en, de });
