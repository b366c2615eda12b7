import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { type Listening, listen } from "../../src/http/listen.ts";
import { openTrail, type Trail } from "../../src/index.ts";

let folder: string;
let trail: Trail;
let built: Listening;
let bare: Listening;
const log: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "daybook-page-"));
  mkdirSync(join(folder, "page/assets"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "the secret");
  writeFileSync(join(folder, "page/index.html"), "<!doctype html><title>The page</title>");
  writeFileSync(join(folder, "page/assets/app-1a2b3c.js"), "void 0;");
  trail = openTrail(":memory:");
  const options = { trail, log: (line: string) => void log.push(line) };
  const local = { host: "127.0.0.1", port: 0 };
  built = await listen(createApp({ ...options, pageDir: join(folder, "page") }), local);
  bare = await listen(createApp({ ...options, pageDir: join(folder, "nothing") }), local);
});
afterAll(async () => {
  await Promise.all([built.close(100), bare.close(100)]);
  await trail.close();
  rmSync(folder, { recursive: true, force: true });
});

const asPerson = { Accept: "text/html,*/*;q=0.8" };

/** The path as it stands; `fetch` would tidy it up first. */
function rawGet(path: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let heard = "";
  const socket = connect(built.port, "127.0.0.1");
  socket.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  socket.on("close", () => resolve(heard));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n`);
  return promise;
}

describe("the page", () => {
  it.each(["/", "/events/some-id", "/emitters?x=1"])(
    "is what a person gets at %s, under a strict policy",
    async (path) => {
      const answer = await fetch(built.url + path, { headers: asPerson });
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
      expect(await answer.text()).toContain("The page");
      const policy = answer.headers.get("content-security-policy") ?? "";
      for (const rule of [
        "default-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
      ])
        expect(policy).toContain(rule);
      expect(policy).not.toContain("unsafe");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("cache-control")).toBe("no-cache");
    },
  );

  it("lets a browser keep what carries its digest in its name, for ever", async () => {
    const answer = await fetch(`${built.url}/assets/app-1a2b3c.js`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/javascript; charset=utf-8",
    ]);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  });

  it("is there for every name that a run or an event may have", async () => {
    for (const place of ["runs", "threads", "events", "forwarders"])
      for (const name of ["run-1.2", "notes.md", encodeURIComponent("a/b.c <d>")]) {
        const path = `/${place}/${name}`;
        expect([path, (await fetch(built.url + path, { headers: asPerson })).status]).toEqual([path, 200]);
      }
  });

  it("never stands for a file, a route or a program's question that is not there", async () => {
    for (const path of ["/assets/gone.js", "/api/v1/nothing", "/v1/nothing"])
      expect([path, (await fetch(built.url + path, { headers: asPerson })).status]).toEqual([path, 404]);
    const program = await fetch(`${built.url}/anything`, { headers: { Accept: "application/json" } });
    expect([program.status, ((await program.json()) as { error: string }).error]).toEqual([
      404,
      expect.stringContaining("nothing at this address"),
    ]);
  });

  it.each([
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/../../secret.txt",
    "/assets/..%5c..%5csecret.txt",
    "//secret.txt",
    "/__proto__",
  ])("leads out of its folder by no path: %s", async (path) => {
    expect(await rawGet(path)).not.toContain("the secret");
  });

  it("says how to build it where it is not built, and the rest works", async () => {
    const answer = await fetch(`${bare.url}/`, { headers: asPerson });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(await answer.text()).toContain("npm run build");
    expect((await fetch(`${bare.url}/healthz`)).status).toBe(200);
  });
});

describe("the API's description", () => {
  it("is whole: every reference leads somewhere, every operation has its own name", async () => {
    const text = await (await fetch(`${built.url}/openapi.json`)).text();
    const document = JSON.parse(text) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { operationId: string; parameters: Array<{ name: string; in: string }> }>
      >;
      components: { schemas: Record<string, unknown> };
    };
    expect(document.openapi).toMatch(/^3\.1\./);
    const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(0);
    for (const name of named) expect(document.components.schemas).toHaveProperty(name ?? "");
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, parameters } of operations) {
      const inPath = parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name);
      expect([path, inPath]).toEqual([path, [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])]);
      expect(new Set(parameters.map((parameter) => parameter.in + parameter.name)).size).toBe(
        parameters.length,
      );
    }
  });

  it("is readable without a script, a style or another host", async () => {
    const answer = await fetch(`${built.url}/docs`);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await answer.text()).not.toMatch(/<script|<style|https?:\/\//);
    expect(log).toEqual([]);
  });
});
