// Clearings as they stand in the table and in the schema.
import type { Call } from "@veche/plugin";
import { idOf } from "@veche/plugin";

export interface Clearing {
  id: string;
  address: { id: string };
  locality: string;
  street: string;
  startsAt: string;
  endsAt: string;
  note: string | null;
}

export interface Street {
  locality: string;
  street: string;
}

export interface Row {
  id: string;
  address: string;
  locality: string;
  street: string;
  starts_at: string;
  ends_at: string;
  note: string | null;
}

export const columns = "id, address, locality, street, starts_at, ends_at, note";

export function clearing(row: Row): Clearing {
  const { id, address, locality, street, starts_at, ends_at, note } = row;
  return { id: idOf("SnowClearing", id), address: { id: address }, locality, street, startsAt: starts_at, endsAt: ends_at, note };
}

/** Streets of addresses by their ids, as far as the caller may see them. */
export async function streetsOf(ctx: Call, ids: string[]): Promise<Map<string, Street>> {
  const { nodes } = await ctx.query<{ nodes: (({ id: string } & Street) | null)[] }>(
    "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Address { id locality street } } }",
    { ids },
  );
  return new Map(nodes.flatMap((node) => (node?.street ? [[node.id, { locality: node.locality, street: node.street }] as const] : [])));
}
