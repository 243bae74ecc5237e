import * as lowrank from "lowrank";
import { answer } from "./answer.js";

test("answers", async () => {
  expect(await answer(lowrank)).toMatch(/^simd 2 [0-9a-f]+$/);
});
