// Checks, before the plugin serves, that its SDL, its manifest and its functions fit together.
import { Kind } from "graphql/language/kinds";
import { parse } from "graphql/language/parser";
import type { FieldDefinitionNode } from "graphql/language/ast";

export type Sort = "field" | "own" | "root" | "stream";

const roots = ["Query", "Mutation", "Subscription"];

/** What is wrong, each with its place; nothing when all is well. */
export function check(sdl: string, file: string, functions: Map<string, Sort>): string[] {
  let document;
  try {
    document = parse(sdl);
  } catch (error) {
    const at = (error as { locations?: { line: number }[] }).locations?.[0]?.line ?? 1;
    return [`${file}:${at}: ${(error as Error).message}`];
  }
  const wanted = new Map<string, { sort: Sort; must: boolean; line: number }>();
  const add = (type: string, field: FieldDefinitionNode, sort: Sort, must: boolean) =>
    wanted.set(`${type}.${field.name.value}`, { sort, must, line: field.loc?.startToken.line ?? 1 });
  const own = new Set(document.definitions.flatMap((d) => (d.kind === Kind.OBJECT_TYPE_DEFINITION ? [d.name.value] : [])));
  for (const d of document.definitions) {
    if (d.kind !== Kind.OBJECT_TYPE_DEFINITION && d.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
    const type = d.name.value;
    for (const field of d.fields ?? []) {
      if (type === "Subscription") add(type, field, "stream", true);
      else if (roots.includes(type)) add(type, field, "root", true);
      else add(type, field, own.has(type) ? "own" : "field", !own.has(type));
    }
  }
  const problems: string[] = [];
  for (const [name, { sort, must, line }] of wanted) {
    const given = functions.get(name);
    if (!given && must) problems.push(`${file}:${line}: ${name} has no function: add p.${sort}("${name}", …)`);
    if (given && given !== sort) problems.push(`${file}:${line}: ${name} is answered by p.${given}: use p.${sort}`);
  }
  for (const [name, sort] of functions) {
    if (!wanted.has(name)) problems.push(`p.${sort}("${name}", …): ${file} has no such field`);
  }
  return problems;
}
