import { measureHere } from "./kernels/measuring.js";
import { answerCalls } from "./search/index-answers.js";

// The script of two workers, whose names say what they do: so the Studio's files have this copy of the library once.
if ((globalThis as unknown as { readonly name: string }).name === "kernels") measureHere();
else answerCalls();
