// The log: a JSON object a line on standard error, as Veche reads it. Standard output carries the
// handshake and nothing else.
import { AsyncLocalStorage } from "node:async_hooks";
import { writeSync } from "node:fs";
import { format } from "node:util";
import type { Call } from "./call";

/** What runs at the moment: the call, and how to fail it from outside (a rejection that nobody awaits). */
export interface Scope {
  call: Call;
  fail: (reason: unknown) => void;
}

export const scope = new AsyncLocalStorage<Scope>();

export function log(level: "DEBUG" | "INFO" | "WARN" | "ERROR", msg: string, fields: Record<string, unknown> = {}): void {
  const call = scope.getStore()?.call;
  const of = call ? { municipality: call.municipality, request: call.requestId } : {};
  const line = JSON.stringify({ time: new Date().toISOString(), level, msg, ...of, ...fields });
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // nobody reads: Veche is gone or does not keep up, and a log must not stop the work
  }
}

/** console.log and its like go to the log; whatever writes to standard output does too. */
export function redirect(): void {
  const levels = { debug: "DEBUG", trace: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" } as const;
  for (const [name, level] of Object.entries(levels)) {
    console[name as keyof typeof levels] = (...args: unknown[]) => log(level, format(...args));
  }
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    for (const line of text.split("\n")) if (line) log("INFO", line);
    const done = rest.find((one) => typeof one === "function") as (() => void) | undefined;
    done?.();
    return true;
  }) as typeof process.stdout.write;
}

export function words(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
