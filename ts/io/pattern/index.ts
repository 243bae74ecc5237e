export { anything, classes, exactly } from "./syntax.js";
export { matchStart } from "./match.js";
export { parsePattern } from "./parse.js";
export { compilePattern } from "./program.js";
export { choice, repeat, sequence } from "./syntax.js";
export type { Syntax } from "./syntax.js";
export { WorkLimit } from "./match.js";
