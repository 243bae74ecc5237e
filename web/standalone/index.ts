// The script of a page that classifies by itself: the whole library, kernels included. The studio puts it into that page, and has
// it pack the model.
import { start } from "./start.js";

export { packModel } from "./pack.js";

if (document.getElementById("classifier") !== null) void start();
