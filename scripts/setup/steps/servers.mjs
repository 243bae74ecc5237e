import { findExecutable } from "../../browsers/find-executable.mjs";
import { postgresFolder } from "../../servers/postgres.mjs";
import { canInstall, install, installCommand } from "../debian.mjs";
import { SetupError } from "../report.mjs";

const packages = ["redis-server", "postgresql"];

/** The servers that queues are tested with. */
export const servers = {
  title: "Redis and PostgreSQL (apt-get install)",
  seconds: 20,
  needed: () => findExecutable("redis-server") === null || postgresFolder() === null,
  async run() {
    if (!canInstall()) throw new SetupError("the tests of queues need Redis and PostgreSQL", installCommand(packages));
    await install(packages);
  },
};
