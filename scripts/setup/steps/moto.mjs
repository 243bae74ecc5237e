import { hasMoto, motoFolder } from "../../servers/s3.mjs";
import { pythonServer } from "./python-server.mjs";

/** The S3 service that buckets are tested with, in a Python environment of its own. */
export const moto = pythonServer({
  title: "moto, an S3 service (pip install, 140 MB)",
  seconds: 40,
  folder: motoFolder,
  there: hasMoto,
  purpose: "the tests of buckets",
  packages: ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
});
