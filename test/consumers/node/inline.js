import * as lowrank from "lowrank/inline";
import { answer } from "./answer.js";

console.log(await answer(lowrank));
