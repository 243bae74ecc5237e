import * as lowrank from "lowrank/inline";
import { answer } from "./answer.js";

document.title = `answer: ${await answer(lowrank)}`;
