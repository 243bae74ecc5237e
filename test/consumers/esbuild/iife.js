import * as lowrank from "lowrank";
import { answer } from "./answer.js";

answer(lowrank).then((text) => (document.title = `answer: ${text}`), reportError);
