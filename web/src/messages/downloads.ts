import { downloads as de } from "./de-downloads.js";
import { downloads as en } from "./en-downloads.js";
import { textsOf } from "./index.js";

export const downloads = textsOf({ en, de });
