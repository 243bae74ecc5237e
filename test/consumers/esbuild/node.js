import * as lowrank from "lowrank";
import { answer } from "./answer.js";

answer(lowrank).then(console.log, (error) => console.log(String(error)));
