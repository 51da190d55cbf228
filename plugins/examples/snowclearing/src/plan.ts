// Changes: a clearing is planned, and cancelled before it begins.
import { type Call, conflict, invalid, keyOf, notFound, payload, type Plugin, PluginError, Problems } from "@veche/plugin";
import { clearing, columns, type Row, streetsOf } from "./clearings";
import type { Settings } from "./settings";

interface Plan {
  input: { addressId: string; startsAt: string; endsAt: string; note?: string | null };
}

interface Cancel {
  input: { id: string; reason: string };
}

type SettingsOf = (ctx: Call) => Settings;

export function planning(p: Plugin, settings: SettingsOf): void {
  p.root<Plan>("Mutation.planSnowClearing", ({ input }, ctx) => payload(ctx, () => plan(input, ctx, settings(ctx))));
  p.root<Cancel>("Mutation.cancelSnowClearing", ({ input }, ctx) => payload(ctx, () => cancel(input, ctx)));
}

async function plan(input: Plan["input"], ctx: Call, { daysAhead }: Settings) {
  check(input, ctx.at, daysAhead);
  keyOf(input.addressId, "Address", "input", "addressId");
  await ctx.require("snowclearing:plan", input.addressId);
  const at = (await streetsOf(ctx, [input.addressId])).get(input.addressId);
  if (!at) throw invalid({ en: "There is no such address.", ru: "Такого адреса нет." }, "input", "addressId");
  const key = ctx.newKey("SnowClearing");
  const row: Row = { id: key, address: input.addressId, ...at, starts_at: input.startsAt, ends_at: input.endsAt, note: input.note ?? null };
  const made = clearing(row);
  await ctx.write({
    statements: [
      {
        // Holds the street: whoever plans it at the same time waits here, and then sees this clearing.
        sql: "INSERT INTO streets (locality, street) VALUES ($1, $2) ON CONFLICT (locality, street) DO UPDATE SET street = excluded.street",
        args: [at.locality, at.street],
      },
      {
        sql: "SELECT 1 FROM clearings WHERE cancelled_at IS NULL AND locality = $1 AND street = $2 AND starts_at < $4 AND ends_at > $3",
        args: [at.locality, at.street, row.starts_at, row.ends_at],
        expect: "no rows",
        otherwise: conflict({ en: `${at.street} is cleared at that time already.`, ru: `${at.street}: в это время уборка уже назначена.` }, "input", "startsAt"),
      },
      {
        sql: `INSERT INTO clearings (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        args: [row.id, row.address, row.locality, row.street, row.starts_at, row.ends_at, row.note],
      },
    ],
    events: [{ name: "snowclearing.planned", object: made.id, touched: [input.addressId], payload: made }],
    audits: [{ action: "snowclearing.plan", object: made.id, details: { ...at, startsAt: row.starts_at, endsAt: row.ends_at } }],
  });
  return { clearing: made };
}

function check({ startsAt, endsAt, note }: Plan["input"], now: Date, daysAhead: number) {
  const [starts, ends, hour] = [Date.parse(startsAt), Date.parse(endsAt), 3_600_000];
  const problems: PluginError[] = [];
  if (starts < now.getTime()) problems.push(invalid({ en: "This moment has passed.", ru: "Это время уже прошло." }, "input", "startsAt"));
  if (starts > now.getTime() + daysAhead * 24 * hour) {
    problems.push(invalid({ en: `Clearings are planned at most ${daysAhead} days ahead.`, ru: `Уборку назначают не более чем за ${daysAhead} дн.` }, "input", "startsAt"));
  }
  if (ends <= starts || ends > starts + 24 * hour) {
    problems.push(invalid({ en: "It ends after it begins, within 24 hours.", ru: "Окончание: позже начала, в пределах 24 часов." }, "input", "endsAt"));
  }
  if ((note ?? "").length > 500) problems.push(invalid({ en: "At most 500 characters.", ru: "Не более 500 знаков." }, "input", "note"));
  if (problems.length > 0) throw new Problems(problems);
}

async function cancel({ id, reason }: Cancel["input"], ctx: Call) {
  const key = keyOf(id, "SnowClearing", "input", "id");
  const why = reason.trim();
  if (why === "" || why.length > 500) throw invalid({ en: "Say why, in 1 to 500 characters.", ru: "Укажите причину: от 1 до 500 знаков." }, "input", "reason");
  const [row] = await ctx.read<Row>(`SELECT ${columns} FROM clearings WHERE id = $1 AND cancelled_at IS NULL`, key);
  if (!row) throw notFound({ en: "There is no such clearing.", ru: "Такой уборки нет." }, "input", "id");
  await ctx.require("snowclearing:plan", row.address);
  await ctx.write({
    statements: [
      {
        sql: "UPDATE clearings SET cancelled_at = $2, cancelled_for = $3 WHERE id = $1 AND cancelled_at IS NULL AND starts_at > $2",
        args: [key, ctx.at, why],
        expect: "rows",
        otherwise: conflict({ en: "It has begun, or was cancelled.", ru: "Уборка уже началась или отменена." }, "input", "id"),
      },
    ],
    events: [{ name: "snowclearing.cancelled", object: id, touched: [row.address] }],
    audits: [{ action: "snowclearing.cancel", object: id, details: { reason: why } }],
  });
  return { clearing: clearing(row) };
}
