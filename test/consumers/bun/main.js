import * as lowrank from "lowrank";
import { answer } from "./answer.js";

console.log(await answer(lowrank));
