import { here } from "./library/library.js";

document.title = `answer: ${await here()}`;
