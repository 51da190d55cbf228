// Reading: the schedule of a street and of the town.
import { type Call, invalid, type Plugin, type Ref } from "@veche/plugin";
import { type Clearing, clearing, columns, type Row, streetsOf } from "./clearings";

export function reading(p: Plugin): void {
  p.field("Address.snowClearing", ofAddresses);
  p.root<{ from?: string; street?: string; first: number }>("Query.snowClearings", async ({ from, street, first }, ctx) => {
    if (first < 1 || first > 200) throw invalid({ en: "first is from 1 to 200.", ru: "first: от 1 до 200." }, "first");
    const rows = await ctx.read<Row>(
      `SELECT ${columns} FROM clearings
       WHERE cancelled_at IS NULL AND ends_at > $1 AND ($2::text IS NULL OR street = $2)
       ORDER BY starts_at, id LIMIT $3`,
      from ?? ctx.at,
      street ?? null,
      first,
    );
    return rows.map(clearing);
  });
  p.stream("Subscription.snowClearingPlanned", async function* (_args, ctx) {
    for await (const event of ctx.watch("snowclearing.planned")) yield event.payload as Clearing;
  });
}

// One query and one statement, however many addresses are asked for.
async function ofAddresses(addresses: Ref[], _args: unknown, ctx: Call): Promise<(Clearing[] | null)[]> {
  const streets = await streetsOf(ctx, addresses.map(({ id }) => id));
  const names = [...new Set([...streets.values()].map(({ street }) => street))];
  const rows = await ctx.read<Row>(
    `SELECT ${columns} FROM clearings WHERE cancelled_at IS NULL AND ends_at > $1 AND street = ANY ($2::text[]) ORDER BY starts_at, id`,
    ctx.at,
    names,
  );
  return addresses.map(({ id }) => {
    const at = streets.get(id);
    return at ? rows.filter((row) => row.street === at.street && row.locality === at.locality).map(clearing) : null;
  });
}
