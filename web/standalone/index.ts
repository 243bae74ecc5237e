// The script of an HTML file that classifies offline: the whole library with its kernels. The Studio puts it into the file, and
// also uses it to pack the model.
import { start } from "./start.js";

export { packModel } from "./pack.js";

if (document.getElementById("classifier") !== null) void start();
