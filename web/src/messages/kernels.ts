import { kernels as de } from "./de-kernels.js";
import { kernels as en } from "./en-kernels.js";
import { textsOf } from "./index.js";

export const kernels = textsOf({ en, de });
