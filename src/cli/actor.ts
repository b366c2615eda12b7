import { userInfo } from "node:os";

/** Who sits at the machine; stands in the log beside what was done. */
export function actor(): { type: string; id: string } {
  return { type: "user", id: userInfo().username };
}
