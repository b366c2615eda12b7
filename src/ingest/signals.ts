/**
 * What LangGraph throws to stop for a person's answer or to go on in another graph. Tracers tell it as an error,
 * by its name at the beginning of a line: `[…]\n\nGraphInterrupt: […]`, `GraphInterrupt((Interrupt(…` in Python.
 */
const SIGNAL = /^(?:[\w.]+\.)?(?:Graph|Node)(?:Interrupt|BubbleUp)\b|^(?:[\w.]+\.)?ParentCommand\b/m;
const QUESTION = /^(?:[\w.]+\.)?(?:Graph|Node)Interrupt\b/m;

const SIGNAL_CHARS_MAX = 100_000;

/** Undefined for what is a failure. */
export function signalIn(error: string): "question" | "jump" | undefined {
  const text = error.slice(0, SIGNAL_CHARS_MAX);
  if (QUESTION.test(text)) return "question";
  return SIGNAL.test(text) ? "jump" : undefined;
}
