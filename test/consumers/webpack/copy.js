import { copyFileSync } from "node:fs";

for (const page of ["index.html", "in-worker.html"]) copyFileSync(page, `dist/${page}`);
