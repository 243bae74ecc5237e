import { forReading as de } from "./de-reading.js";
import { forReading as en } from "./en-reading.js";
import { textsOf } from "./index.js";

export const forReading = textsOf({ en, de });
