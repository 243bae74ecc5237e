import * as lowrank from "lowrank";
import { answer } from "../../answer.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  return <title>{`answer: ${await answer(lowrank)}`}</title>;
}
