import { findExecutable } from "../../browsers/find-executable.mjs";
import { postgresFolder } from "../../servers/postgres.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

const packages = ["redis-server", "postgresql", "curl"];

/** The servers that queues are tested with, and a client of the server of language models. */
export const servers = {
  title: "Redis, PostgreSQL and curl (apt-get install)",
  uses: "network",
  seconds: 20,
  needed: () => ["redis-server", "curl"].some((name) => findExecutable(name) === null) || postgresFolder() === null,
  async run() {
    if (!canInstall()) throw new SetupError("tests need Redis, PostgreSQL and curl", installCommand(packages));
    await install(packages);
  },
};
