import * as lowrank from "./node_modules/lowrank/dist/browser.js";
import { answer } from "./answer.js";

postMessage(await answer(lowrank));
