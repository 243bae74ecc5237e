import { headline as de } from "./de-headline.js";
import { headline as en } from "./en-headline.js";
import { textsOf } from "./index.js";

export const headline = textsOf({ en, de });
