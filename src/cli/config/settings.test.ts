import { describe, expect, it } from "vitest";
import { configurationDocument } from "./document.ts";
import { OPTIONS, type Option, optionsOf } from "./options.ts";
import { readSettings } from "./settings.ts";

describe("settings", () => {
  it("take the flag before the variable before the default", () => {
    const read = (flags: object, env: object) => readSettings("serve", { ...flags }, { ...env });
    expect(read({}, {}).count("port")).toBe(4319);
    expect(read({}, { DAYBOOK_PORT: "80" }).count("port")).toBe(80);
    expect(read({ port: "81" }, { DAYBOOK_PORT: "80" }).count("port")).toBe(81);
    expect(read({}, { DAYBOOK_PORT: "" }).count("port")).toBe(4319);
    expect(read({}, {}).required("db")).toBe("./daybook.db");
    expect(read({ json: true }, {}).on("json")).toBe(true);
    expect(read({}, {}).on("json")).toBe(false);
  });

  it("know what was said by a flag", () => {
    const settings = readSettings("record", { type: "a", field: ["b=1", "c=2"] }, { DAYBOOK_TENANT: "t" });
    expect(settings.given("type")).toBe(true);
    expect(settings.given("tenant")).toBe(false);
    expect(settings.text("tenant")).toBe("t");
    expect(settings.list("field")).toEqual(["b=1", "c=2"]);
    expect(settings.text("tool")).toBeUndefined();
  });

  it.each(["-1", "1.5", "65536", "0x10", "1e3", " 1", "99999999999999999"])("refuse the port %j", (port) => {
    expect(() => readSettings("serve", { port }, {})).toThrow(
      "--port must be a whole number from 0 to 65535.",
    );
    expect(() => readSettings("serve", {}, { DAYBOOK_PORT: port })).toThrow("DAYBOOK_PORT must be");
  });

  it("take a switch from its variable", () => {
    for (const [value, on] of [
      ["1", true],
      ["true", true],
      ["0", false],
      ["False", false],
      ["", false],
    ] as const) {
      expect(readSettings("serve", {}, { DAYBOOK_RECORD_READS: value }).on("recordReads")).toBe(on);
    }
    expect(readSettings("serve", { recordReads: true }, {}).on("recordReads")).toBe(true);
  });

  it("refuse an empty text", () => {
    expect(() => readSettings("list", { agent: "" }, {})).toThrow("--agent must not be empty.");
  });
});

describe("the table of options", () => {
  const options = Object.values(OPTIONS) as Option[];

  it("has no flag twice in one command, and no variable twice", () => {
    for (const command of ["serve", "record", "list", "tail", "show", "stats", "doctor", "hook"]) {
      const flags = optionsOf(command).map(([, { flag }]) => flag);
      expect(new Set(flags).size).toBe(flags.length);
    }
    const variables = options.flatMap(({ env }) => env ?? []);
    expect(new Set(variables).size).toBe(variables.length);
  });

  it("is all in the document", () => {
    const document = configurationDocument();
    for (const { flag, env, doc } of options) {
      expect(document).toContain(`\`${flag}`);
      expect(document).toContain(doc);
      if (env !== undefined) expect(document).toContain(`\`${env}\``);
    }
  });
});
