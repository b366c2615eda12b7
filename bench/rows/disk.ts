import { statSync } from "node:fs";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { lineOfBytes } from "../events.ts";
import { inFolder, plain, type Row } from "../measure.ts";

const BYTES = 1_024;
const BATCH = 1_000;

export const disk: Row = {
  name: "disk",
  title: "disk per 1 KB event, everything included",
  run: ({ size }) =>
    inFolder(async (dir) => {
      const events = size(50_000);
      const path = `${dir}/disk.db`;
      const store = await openSqliteStore(path);
      for (let at = 0; at < events; at += BATCH) {
        await store.append(Array.from({ length: BATCH }, (_, i) => lineOfBytes(at + i, BYTES)));
      }
      await store.close();
      return [
        plain(
          "file per event of 1024 bytes on the wire, ids and keys included",
          "bytes",
          [statSync(path).size / events],
          {
            goal: { of: "figure", atMost: 1_300 },
            note: `${events} events; the size is the same each time, so it is taken once`,
          },
        ),
      ];
    }),
};
