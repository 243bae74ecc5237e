import * as lowrank from "lowrank";
import { answer } from "./answer.js";

document.title = `answer: ${await answer(lowrank, { worker: "/files/worker-browser.js" })}`;
