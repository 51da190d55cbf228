// What a person can act on. Everything else that is thrown is a defect of the plugin: logged, and
// shown to nobody as it is.

/** A text in both languages, or the same words for everybody. */
export type Text = string | { ru: string; en: string };

/** The codes that Veche passes on as they are. */
export type Code = "BAD_USER_INPUT" | "NOT_FOUND" | "CONFLICT" | "FORBIDDEN" | "UNAUTHENTICATED";

export class PluginError extends Error {
  /** The name of the constraint of the plugin's own tables that was violated; write sets it. */
  constraint?: string;

  constructor(
    readonly code: Code,
    readonly text: Text,
    /** The field at fault: "input", "street". Empty where none is. */
    readonly path: string[] = [],
  ) {
    super(`${code}: ${inLanguage(text, "en")}`);
    this.name = "PluginError";
  }
}

/** Several errors of one input, shown together, so that a form is mended in one go. */
export class Problems extends Error {
  constructor(readonly errors: PluginError[]) {
    super(errors.map((one) => one.message).join("; "));
    this.name = "Problems";
  }
}

export const invalid = (text: Text, ...path: string[]) => new PluginError("BAD_USER_INPUT", text, path);
export const notFound = (text: Text, ...path: string[]) => new PluginError("NOT_FOUND", text, path);
export const conflict = (text: Text, ...path: string[]) => new PluginError("CONFLICT", text, path);
/** The CONFLICT of an expectedVersion that has passed. */
export const stale = (...path: string[]) =>
  conflict({ en: "This was changed in the meantime. Reload it and try again.", ru: "Данные успели измениться. Обновите их и попробуйте ещё раз." }, ...path);
export const forbidden = (text: Text, ...path: string[]) => new PluginError("FORBIDDEN", text, path);

/** Thrown by a function of an event: bring it again later (after so many seconds, or as Veche decides). */
export class Retry extends Error {
  constructor(reason: string, readonly afterSeconds = 0) {
    super(reason);
    this.name = "Retry";
  }
}

/** Thrown by a function of an event that never can be handled: it is kept for an administrator. */
export class Dead extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "Dead";
  }
}

/** A GraphQL operation that the host answered with errors. */
export class QueryError extends Error {
  constructor(
    readonly errors: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[],
    readonly data: unknown,
  ) {
    super(errors.map((one) => (one.path ? `${one.path.join(".")}: ${one.message}` : one.message)).join("; "));
    this.name = "QueryError";
  }
}

export function inLanguage(text: Text, language: string): string {
  if (typeof text === "string") return text;
  return language === "ru" ? text.ru : text.en;
}

/** The person's errors in what was thrown; none when it is a defect. */
export function personal(thrown: unknown): PluginError[] {
  if (thrown instanceof PluginError) return [thrown];
  return thrown instanceof Problems ? thrown.errors : [];
}

/** As core's UserError has it. */
export interface UserError {
  code: Code;
  message: string;
  path: string[];
}

/**
 * The payload of a mutation: what the function gives, and in userErrors what a form can show
 * (BAD_USER_INPUT, CONFLICT). Anything else that it throws stays an error of the field.
 */
export async function payload<T extends object>(
  ctx: { language: string },
  change: () => Promise<T>,
): Promise<Partial<T> & { userErrors: UserError[] }> {
  try {
    return { ...(await change()), userErrors: [] };
  } catch (thrown) {
    const errors = personal(thrown);
    const shown = errors.filter((one) => one.code === "BAD_USER_INPUT" || one.code === "CONFLICT");
    if (shown.length === 0 || shown.length < errors.length) throw thrown;
    return { userErrors: shown.map((one) => ({ code: one.code, message: inLanguage(one.text, ctx.language), path: one.path })) } as Partial<T> & {
      userErrors: UserError[];
    };
  }
}
