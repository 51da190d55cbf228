// The hooks: no meeting, visit among them, on a street while it is being cleared.
import { type Call, invalid, type Plugin, QueryError } from "@veche/plugin";
import { columns, type Row, type Street } from "./clearings";
import type { Settings } from "./settings";

interface Meeting {
  input: { id?: string; venueId?: string | null; startsAt?: string | null; endsAt?: string | null };
}

type Venue = { address: (Street & { id: string }) | null } | null;

const venue = "address { id locality street }";

export function refusing(p: Plugin, settings: (ctx: Call) => Settings): void {
  p.before<Meeting>("planMeeting", async ({ input }, ctx) => {
    if (!input.venueId || !input.startsAt) return; // it meets nowhere, or what is wrong is the core's to say
    await refuse(ctx, settings(ctx), await venueOf(ctx, input.venueId), input.startsAt, input.endsAt, "startsAt");
  });
  p.before<Meeting>("moveMeeting", async ({ input }, ctx) => {
    const found = await ask<{ meeting: { startsAt: string; endsAt: string | null; venue: Venue } | null }>(
      ctx,
      `query ($id: ID!) { meeting(id: $id) { startsAt endsAt venue { ${venue} } } }`,
      input.id,
    );
    if (!found?.meeting || input.venueId === null) return;
    const { meeting } = found;
    const to = input.venueId ? await venueOf(ctx, input.venueId) : meeting.venue;
    const startsAt = input.startsAt ?? meeting.startsAt;
    const lasts = meeting.endsAt ? Date.parse(meeting.endsAt) - Date.parse(meeting.startsAt) : undefined;
    const endsAt = input.endsAt ?? (lasts === undefined ? undefined : new Date(Date.parse(startsAt) + lasts).toISOString());
    await refuse(ctx, settings(ctx), to, startsAt, endsAt, input.startsAt ? "startsAt" : "venueId");
  });
}

async function venueOf(ctx: Call, id: string): Promise<Venue> {
  return (await ask<{ venue: Venue }>(ctx, `query ($id: ID!) { venue(id: $id) { ${venue} } }`, id))?.venue ?? null;
}

// ask is undefined where Veche answers errors: that the id is none, or not to be seen, the action itself
// says a moment later, and better.
async function ask<T>(ctx: Call, query: string, id: string | undefined): Promise<T | undefined> {
  try {
    return await ctx.query<T>(query, { id });
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

async function refuse(ctx: Call, { meetingMinutes }: Settings, at: Venue, startsAt: string, endsAt: string | null | undefined, field: string) {
  if (!at?.address) return;
  const until = endsAt ?? new Date(Date.parse(startsAt) + meetingMinutes * 60_000).toISOString();
  const [row] = await ctx.read<Row>(
    `SELECT ${columns} FROM clearings
     WHERE cancelled_at IS NULL AND locality = $1 AND street = $2 AND starts_at < $4 AND ends_at > $3 ORDER BY starts_at LIMIT 1`,
    at.address.locality,
    at.address.street,
    startsAt,
    until,
  );
  if (!row) return;
  const [from, to] = [row.starts_at, row.ends_at].map((moment) => inTown(moment, ctx.timeZone));
  throw invalid(
    {
      en: `${row.street} is cleared of snow from ${from} to ${to}: choose another time or another place for the meeting or visit.`,
      ru: `${row.street}: уборка снега с ${from} до ${to}. Выберите для встречи или выезда другое время или место.`,
    },
    "input",
    field,
  );
}

function inTown(moment: string, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("ru-RU", { timeZone, day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" });
  return parts.format(new Date(moment)).replace(",", "");
}
