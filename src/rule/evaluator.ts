/** The process that evaluates what users wrote. It may be killed at any moment, and holds nothing. */
import jsonLogic from "json-logic-js";
import jsonata from "jsonata";
import { messageOf } from "../base/error.ts";
import { isObject } from "../base/json.ts";
import type { Work, Worked } from "./rules.ts";

const OUTPUT_CHARS_MAX = 1_048_576;

// It calls any function of any object.
jsonLogic.rm_operation("method");
// It writes to the console.
jsonLogic.add_operation("log", (value: unknown) => value);

process.on("message", async ({ id, kind, expression, inputs }: Work) => {
  const results: Worked["results"] = [];
  const evaluate = kind === "logic" ? logic(expression) : transform(String(expression));
  for (const input of inputs) {
    try {
      results.push({ value: await evaluate(input) });
    } catch (thrown) {
      results.push({ error: reasonOf(thrown).slice(0, 500) });
    }
  }
  process.send?.({ id, results } satisfies Worked);
});

/** JSONata throws plain objects. */
function reasonOf(thrown: unknown): string {
  return isObject(thrown) && typeof thrown.message === "string" ? thrown.message : messageOf(thrown);
}

// Nobody is left to work for.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

type Evaluate = (input: unknown) => Promise<unknown>;

function logic(rule: unknown): Evaluate {
  return async (input) => jsonLogic.truthy(jsonLogic.apply(rule as jsonLogic.RulesLogic, input));
}

function transform(text: string): Evaluate {
  const compiled = jsonata(text);
  return async (input) => {
    const value = await compiled.evaluate(input);
    const json = JSON.stringify(value);
    if (json === undefined) throw new Error("the transform gives nothing");
    if (json.length > OUTPUT_CHARS_MAX)
      throw new Error(`the transform gives more than ${OUTPUT_CHARS_MAX} characters`);
    return JSON.parse(json);
  };
}
