const lowrank = require("lowrank");

import("./answer.js").then(async ({ answer }) => console.log(await answer(lowrank)));
