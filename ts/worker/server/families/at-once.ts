import { cross } from "./cross.js";
import { encoders } from "./encoders.js";
import type { Families } from "./family.js";
import { jobs } from "./jobs.js";
import { language } from "./language.js";
import { storage } from "./storage.js";
import { tokens } from "./tokens.js";

/** All code at once, for threads of Node. */
export const atOnce: Families = { cross, encoders, jobs, language, storage, tokens };
