// The plugin in memory, on a real Postgres in this process, made by its own migrations.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, beforeEach, test } from "node:test";
import { PGlite } from "@electric-sql/pglite";
import { idOf } from "@veche/plugin";
import { bench, type House } from "@veche/plugin/testing";
import { snowclearing } from "../src/plugin";

const db = new PGlite({ parsers: { 1184: (text: string) => new Date(text).toISOString() } }); // timestamptz, as Veche gives it
const at = new Date("2012-12-03T09:00:00+08:00");
const key = (n: number) => `0195d0f0-0000-7000-8000-00000000000${n}`;
const lenina = idOf("Address", key(1));
const [lenina2, kirova, hidden] = [idOf("Address", key(2)), idOf("Address", key(3)), idOf("Address", key(4))];
const places: Record<string, { id: string; locality: string; street: string }> = {
  [lenina]: { id: lenina, locality: "г. Канск", street: "ул. Ленина" },
  [lenina2]: { id: lenina2, locality: "г. Канск", street: "ул. Ленина" },
  [kirova]: { id: kirova, locality: "г. Канск", street: "ул. Кирова" },
};
let asked = 0;

const house = (over: House = {}): House => ({
  at,
  settings: { daysAhead: 14, meetingMinutes: 120 },
  actor: { kind: "account", account: "a" },
  sql: async (text, args) => {
    const { rows, affectedRows } = await db.query(text, args);
    return { rows, affected: affectedRows ?? 0 };
  },
  query: (query, { ids, id }) => {
    asked++;
    if (ids) return { data: { nodes: ids.map((one: string) => places[one] ?? null) } };
    if (query.includes("meeting(")) return { data: { meeting: { startsAt: "2012-12-05T10:00:00+08:00", endsAt: null, venue: { address: places[lenina] } } } };
    return { data: { venue: id === "open air" ? { address: null } : { address: places[id] ?? null } } };
  },
  ...over,
});

const input = { addressId: lenina, startsAt: "2012-12-04T08:00:00+08:00", endsAt: "2012-12-04T12:00:00+08:00" };
const plan = (over: object = {}, of: House = {}) => bench(snowclearing(), house(of)).root("Mutation.planSnowClearing", { input: { ...input, ...over } });

before(async () => {
  const [up] = readFileSync("migrations/00001_clearings.sql", "utf8").split("-- +goose Down");
  await db.exec(up!);
});
beforeEach(async () => {
  await db.exec("DELETE FROM clearings");
});

test("what cannot be planned is refused at its field", async () => {
  const paths = async (over: object) => (await plan(over)).userErrors.map((one: { path: string[] }) => one.path.join("."));
  assert.deepEqual(await paths({ startsAt: "2012-12-01T08:00:00+08:00" }), ["input.startsAt", "input.endsAt"]);
  assert.deepEqual(await paths({ startsAt: "2013-01-04T08:00:00+08:00", endsAt: "2013-01-04T09:00:00+08:00" }), ["input.startsAt"]);
  assert.deepEqual(await paths({ endsAt: input.startsAt, note: "x".repeat(501) }), ["input.endsAt", "input.note"]);
  assert.deepEqual(await paths({ addressId: hidden }), ["input.addressId"]);
  assert.deepEqual(await paths({ addressId: idOf("Venue", key(1)) }), ["input.addressId"]);
  assert.equal((await db.query("SELECT 1 FROM clearings")).rows.length, 0);
});

test("who lacks the right at the address is refused", async () => {
  await assert.rejects(plan({}, { can: (permission, object) => !(permission === "snowclearing:plan" && object === lenina) }), { code: "FORBIDDEN" });
});

test("a clearing is planned with its event and its audit entry, and only once at a time", async () => {
  const on = bench(snowclearing(), house());
  const { clearing, userErrors } = await on.root("Mutation.planSnowClearing", { input: { ...input, note: "Уберите машины" } });
  assert.deepEqual(userErrors, []);
  assert.deepEqual([clearing.street, clearing.note, clearing.address.id], ["ул. Ленина", "Уберите машины", lenina]);
  assert.deepEqual([on.left.events[0]!.name, on.left.events[0]!.object, on.left.audits[0]!.action], ["snowclearing.planned", clearing.id, "snowclearing.plan"]);
  const again = await Promise.all([plan({ addressId: lenina2, startsAt: "2012-12-04T11:00:00+08:00" }), plan({ addressId: kirova })]);
  assert.deepEqual(again.map((one) => one.userErrors[0]?.code), ["CONFLICT", undefined]);
});

test("addresses show their street's clearings, by one question and one statement", async () => {
  await plan();
  await plan({ startsAt: "2012-12-06T08:00:00+08:00", endsAt: "2012-12-06T09:00:00+08:00" });
  asked = 0;
  const lists = await bench(snowclearing(), house()).field("Address.snowClearing", [lenina, kirova, lenina2, hidden].map((id) => ({ id })));
  assert.deepEqual(lists.map((list) => list?.length), [2, 0, 2, undefined]);
  assert.equal(lists[0][0].startsAt, "2012-12-04T00:00:00.000Z");
  assert.equal(asked, 1);
});

test("the town's schedule begins now, or when it is asked for", async () => {
  await plan();
  await plan({ addressId: kirova });
  const on = bench(snowclearing(), house());
  const streets = async (args: object) => (await on.root<{ street: string }[]>("Query.snowClearings", { first: 50, ...args })).map((one) => one.street);
  assert.equal((await streets({})).length, 2);
  assert.deepEqual(await streets({ street: "ул. Кирова" }), ["ул. Кирова"]);
  assert.deepEqual(await streets({ from: "2012-12-04T12:00:00+08:00" }), []);
  await assert.rejects(streets({ first: 0 }), { code: "BAD_USER_INPUT", path: ["first"] });
});

test("a cancelled clearing is gone; one that has begun stays", async () => {
  const { clearing } = await plan();
  const cancel = (reason: string, now = at, id = clearing.id) => bench(snowclearing(), house({ at: now })).root("Mutation.cancelSnowClearing", { input: { id, reason } });
  assert.deepEqual((await cancel(" ")).userErrors[0].path, ["input", "reason"]);
  assert.equal((await cancel("Оттепель", new Date("2012-12-04T09:00:00+08:00"))).userErrors[0].code, "CONFLICT");
  await assert.rejects(cancel("Оттепель", at, idOf("SnowClearing", key(9))), { code: "NOT_FOUND" });
  assert.deepEqual((await cancel("Оттепель")).userErrors, []);
  assert.deepEqual(await bench(snowclearing(), house()).field("Address.snowClearing", [{ id: lenina }]), [[]]);
});

test("no meeting on a street while it is cleared: the reason, and the field", async () => {
  await plan();
  await plan({ startsAt: "2012-12-05T11:00:00+08:00", endsAt: "2012-12-05T12:00:00+08:00" });
  const on = bench(snowclearing(), house({ language: "ru" }));
  const meeting = (over: object) => on.before("planMeeting", { input: { title: "Приём", venueId: lenina2, startsAt: "2012-12-04T07:00:00+08:00", ...over } });
  const [error] = await meeting({});
  assert.deepEqual(error!.path, ["input", "startsAt"]);
  assert.equal(error!.text, "ул. Ленина: уборка снега с 04.12.2012 08:00 до 04.12.2012 12:00. Выберите для встречи или выезда другое время или место.");
  for (const free of [{ endsAt: "2012-12-04T08:00:00+08:00" }, { startsAt: "2012-12-04T12:00:00+08:00" }, { venueId: kirova }, { venueId: "open air" }, { venueId: undefined }]) {
    assert.deepEqual(await meeting(free), [], JSON.stringify(free));
  }
  const wrong = bench(snowclearing(), house({ query: () => ({ data: null, errors: [{ message: "This is not an id." }] }) }));
  assert.deepEqual(await wrong.before("planMeeting", { input: { venueId: "x", startsAt: input.startsAt } }), [], "a wrong id is the core's to refuse");
  const moved = (over: object) => on.before("moveMeeting", { input: { id: "m", ...over } });
  assert.deepEqual((await moved({ link: "https://example.org" }))[0]!.path, ["input", "venueId"]);
  assert.deepEqual((await moved({ startsAt: input.startsAt }))[0]!.path, ["input", "startsAt"]);
  assert.deepEqual(await moved({ startsAt: "2012-12-05T12:00:00+08:00" }), []);
  assert.deepEqual(await moved({ venueId: kirova }), []);
});
