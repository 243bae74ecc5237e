import { together as de } from "./de-together.js";
import { together as en } from "./en-together.js";
import { textsOf } from "./index.js";

export const together = textsOf({ en, de });
