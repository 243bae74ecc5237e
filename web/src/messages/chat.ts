import { chat as de } from "./de-chat.js";
import { chat as en } from "./en-chat.js";
import { textsOf } from "./index.js";

export const chat = textsOf({ en, de });
