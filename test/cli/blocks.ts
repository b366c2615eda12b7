import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { ROOT, readText } from "../tidy/sources.ts";
import { type Ended, emptyFolder, PROGRAM } from "./daybook.ts";

/** A fenced block that a page promises to work; `text` is what the block before it prints. */
export interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

/** The blocks of a page that are run, in order. */
export function blocksOf(page: string): Block[] {
  const fences = readText(page).matchAll(/^```(sh|ts|text)(?: file=(\S+))?\n(.*?)^```$/gms);
  return [...fences].map(([, language = "", file, text = ""]) => ({ language, file, text }));
}

/** An empty folder in which `daybook` can be imported, and what else is named. */
export function newcomersFolder(others: readonly string[] = []): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(ROOT, join(folder, "node_modules/daybook"));
  for (const name of others)
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  return folder;
}

/** Runs one block as a newcomer would, from the folder that he is in. */
export function runBlock(folder: string, { language, file, text }: Block, url: string): Promise<Ended> {
  if (language === "ts") {
    writeFileSync(join(folder, file ?? "block.mjs"), text);
    return Promise.resolve({ status: 0, signal: null, stdout: "", stderr: "" });
  }
  const script = `set -e\n${text.replaceAll("http://127.0.0.1:4319", url)}`;
  const path = [dirname(PROGRAM), dirname(process.execPath), process.env.PATH].join(delimiter);
  return new Promise((resolve) => {
    const child = spawn("bash", ["-c", script], {
      cwd: folder,
      env: { PATH: path, HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      stdout += piece;
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      stderr += piece;
    });
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
}
