import * as lowrank from "lowrank";
import { memoryStore } from "lowrank/jobs";
import { answer } from "./answer.js";

const text = await answer(lowrank);
document.title = `answer: ${Object.keys(memoryStore().files()).length === 0 ? text : "a new store has files"}`;
