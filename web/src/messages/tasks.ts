import { forTasks as de } from "./de-tasks.js";
import { forTasks as en } from "./en-tasks.js";
import { textsOf } from "./index.js";

export const forTasks = textsOf({ en, de });
