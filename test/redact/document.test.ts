import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { redactionTable } from "../../scripts/redaction-document.ts";

it("docs/redaction.md tells the rules that there are", () => {
  const document = readFileSync(join(import.meta.dirname, "../../docs/redaction.md"), "utf8");
  expect(document).toContain(`<!-- rules -->\n${redactionTable()}\n<!-- /rules -->`);
});
