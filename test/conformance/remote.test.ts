import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { openTrail } from "../../src/index.ts";
import { openRemoteStore } from "../../src/store/remote/remote-store.ts";
import { storeSuite } from "./store.suite.ts";

storeSuite(
  "remote sqlite",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "daybook-"));
    const trail = openTrail(join(folder, "daybook.db"), { redact: false });
    const app = createApp({ trail, log: () => undefined });
    const listening = await listen(app, { host: "127.0.0.1", port: 0 });
    const reopen = async () => openRemoteStore(listening.url);
    const dispose = async (): Promise<void> => {
      await listening.close(100);
      await trail.close();
      await rm(folder, { recursive: true });
    };
    return { store: await reopen(), reopen, dispose };
  },
  { lacksSeals: true },
);
