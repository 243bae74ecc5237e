import { UnsupportedError } from "../../errors/errors.js";
import type { AttemptPlace } from "./attempt-place.js";

export function bucketPlace(out: string): AttemptPlace {
  throw new UnsupportedError(`${out}: buckets are not there yet`);
}
