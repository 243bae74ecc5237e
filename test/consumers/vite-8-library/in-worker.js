import { there } from "./library/library.js";

document.title = `answer: ${await there()}`;
