// What does not fit together, ids, errors, and tests in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { idOf, invalid, keyOf, newKey, parseId, plugin } from "../src/index";
import { bench } from "../src/testing";
import { benches, manifest, schema } from "./benches";

test("what has no function, and what has no field, is named with its place", () => {
  const p = plugin({ manifest, schema });
  p.field("Query.benchesCount", () => []);
  p.root("Query.other", () => null);
  p.on("Meeting.ENDED", () => {});
  assert.deepEqual(p.problems(), [
    'benches.graphqls:2: District.benches has no function: add p.field("District.benches", …)',
    "benches.graphqls:3: Query.benchesCount is answered by p.field: use p.root",
    'benches.graphqls:4: Mutation.benchesPaint has no function: add p.root("Mutation.benchesPaint", …)',
    'benches.graphqls:5: Subscription.benchesPainted has no function: add p.stream("Subscription.benchesPainted", …)',
    'p.root("Query.other", …): benches.graphqls has no such field',
    'plugin.yaml: hooks names planMeeting, which has no function: add p.before("planMeeting", …)',
    'plugin.yaml: hears names Meeting.CREATED, which has no function: add p.on("Meeting.CREATED", …)',
    'p.on("Meeting.ENDED", …): plugin.yaml does not name Meeting.ENDED under hears',
  ]);
  assert.match(plugin({ manifest, schema: "type Query {\n  x: \n}" }).problems()[0]!, /^benches.graphqls:3: /);
  assert.throws(() => p.root("Query.other", () => null), /given twice/);
  assert.deepEqual(benches().problems(), []);
});

test("ids are Veche's own", () => {
  // as core.ID{Type: "District", Key: 0195d0f0-0000-7000-8000-000000000001} writes itself
  const id = "RGlzdHJpY3Q6AZXQ8AAAcACAAAAAAAAAAQ";
  assert.equal(idOf("District", "0195d0f0-0000-7000-8000-000000000001"), id);
  assert.deepEqual(parseId(id), { type: "District", key: "0195d0f0-0000-7000-8000-000000000001" });
  for (const wrong of ["", "x", `${id}=`, `${id.slice(0, -1)}R`, ` ${id}`, id.slice(0, -2)]) assert.equal(parseId(wrong), undefined, wrong);
  assert.throws(() => keyOf(id, "Address", "input", "address"), { code: "BAD_USER_INPUT", path: ["input", "address"] });
  const [first, second] = [newKey(1), newKey(2)];
  assert.match(first, /^00000000-0001-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(first < second);
});

test("keys and values have versions, on the bench too", async () => {
  const p = plugin({ manifest: "name: keys\nversion: 1.0.0\ncontract: 1\nschema: keys.graphqls", schema: "extend type Mutation { keysPut(version: Int): Int }" });
  p.root<{ version?: number }>("Mutation.keysPut", async ({ version }, ctx) => {
    const made = await ctx.put("a", { n: 1 }, version);
    assert.deepEqual([await ctx.get("a"), await ctx.get("b"), await ctx.list("")], [{ value: { n: 1 }, version: made }, undefined, ["a"]]);
    return made;
  });
  const on = bench(p);
  const put = (version?: number) => on.root("Mutation.keysPut", { version });
  assert.deepEqual([await put(0), await put(1), await put()], [1, 2, 3]);
  await assert.rejects(put(2), { code: "CONFLICT" });
  await assert.rejects(put(0), { code: "CONFLICT" });
});

test("a plugin is tried in memory", async () => {
  const on = bench(benches(), { settings: { colour: "blue" }, query: () => ({ data: { town: { benches: 6 } } }) });
  assert.equal(await on.root("Query.benchesCount"), 42);
  const [benchesOf, bad] = await on.field("District.benches", [{ id: "a" }, { id: "bad" }]);
  assert.deepEqual(benchesOf[0].number, 0);
  assert.equal(bad.code, "BAD_USER_INPUT");
  assert.deepEqual(await on.field("BenchesBench.colour", [{ number: 1 }]), ["blue 1"]);
  assert.deepEqual(await on.before("planMeeting", { title: "" }), [invalid("A title is wanted.", "input", "title")]);
  assert.equal(await on.deliver({ name: "Meeting.CREATED", object: "later" }), "retry");
  await assert.rejects(on.run("paint", { n: -1 }), /no such bench/);
  assert.equal((await on.configure({ colour: "no colour" })).length, 1);
  const numbers = [];
  for await (const one of on.stream("Subscription.benchesPainted", { count: 2 })) numbers.push(one.number);
  assert.deepEqual(numbers, [0, 1]);
  on.close();
});
