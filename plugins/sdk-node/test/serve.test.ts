// The plugin as a process, over the contract's gRPC.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { Actor_Kind, Plugin } from "../src/gen/veche/plugin/v1/plugin_pb";
import { decode, encode } from "../src/wire";
import { manifest, schema } from "./benches";
import { House } from "./house";

const house = new House();

// another is a process of its own for one test.
function another(t: { after(run: () => Promise<void>): void }, env: Record<string, string> = {}) {
  const other = new House();
  t.after(() => other.stop());
  return other.start(undefined, env);
}

const count = { type: "Query", field: "benchesCount" };
const call = (requestId = "") => ({ municipality: "kansk", language: "ru", requestId, token: "a token", actor: { kind: Actor_Kind.ACCOUNT, account: "a" } });
const resolve = async (calls: object[], of: object = call(), deadline?: Date) =>
  (await house.call(Plugin.method.resolve, { call: of, calls }, deadline ? { deadline } : {})).results.map((result) => result.items);

before(() => house.start());
after(() => house.stop());

test("the first line says where it listens, and nothing else is on standard output", async () => {
  assert.match(house.out[0]!, /^1\|1\|unix\|.*\|grpc$/);
  await resolve([count], call("prints"));
  const line = JSON.parse(await house.logged(/a word of mine/));
  assert.deepEqual([line.level, line.municipality, line.request], ["INFO", "kansk", "prints"]);
  await house.logged(/straight out/);
  assert.equal(house.out.length, 1);
});

test("no call is answered without this process's key", async () => {
  const wrong = new Metadata();
  wrong.set("veche-plugin-key", "another key of a process");
  for (const metadata of [new Metadata(), wrong]) {
    await assert.rejects(house.call(Plugin.method.describe, {}, { metadata }), { code: status.UNAUTHENTICATED });
    await assert.rejects(house.raw("/plugin.GRPCController/Shutdown", Buffer.alloc(0), metadata), { code: status.UNAUTHENTICATED });
  }
});

test("it says what it is, and that it is well", async () => {
  const said = await house.call(Plugin.method.describe, {});
  assert.deepEqual([said.name, said.version, said.schema], ["benches", "1.2.3", schema]);
  assert.deepEqual(said.functions, ["BenchesBench.colour", "District.benches", "Mutation.benchesPaint", "Query.benchesCount", "Subscription.benchesPainted"]);
  assert.equal(said.manifest, createHash("sha256").update(manifest).digest("hex"));
  assert.deepEqual(await house.raw("/grpc.health.v1.Health/Check", Buffer.from([10, 6, ...Buffer.from("plugin")])), Buffer.from([8, 1]));
});

test("settings are checked; bad ones leave the old ones", async () => {
  const configure = (settings: object, revision: bigint) => house.call(Plugin.method.configure, { call: call(), settings: encode(settings), revision });
  const colour = async () => decode((await resolve([{ type: "BenchesBench", field: "colour", parents: [encode({ number: 7 })] }]))[0]![0]!.value);
  assert.deepEqual((await configure({ colour: "green" }, 2n)).errors, []);
  const [error] = (await configure({ colour: "no colour" }, 3n)).errors;
  assert.deepEqual([error!.code, error!.message, error!.path], ["BAD_USER_INPUT", "Такого цвета нет.", ["colour"]]);
  await configure({ colour: "older" }, 1n);
  assert.equal(await colour(), "green 7");
});

describe("fields", () => {
  test("each parent has its item, and an error costs one", async () => {
    const parents = ["a", "none", "bad", "worse"].map((id) => encode({ id }));
    const [items, [number]] = await resolve([{ type: "District", field: "benches", arguments: encode({ first: 2 }), parents, selects: ["number"] }, count]);
    assert.deepEqual(decode(items![0]!.value), [0, 1].map((n) => ({ id: "a", number: n, by: ["number"] })));
    assert.deepEqual([items![1]!.value.length, items![1]!.error], [0, undefined]);
    assert.deepEqual([items![2]!.error!.code, items![2]!.error!.message], ["BAD_USER_INPUT", "Скамеек нет."]);
    assert.equal(items![3]!.error!.code, "PLUGIN_ERROR");
    assert.equal(decode(number!.value), 42);
  });

  test("no parents have no items", async () => {
    assert.deepEqual(await resolve([{ type: "District", field: "benches" }]), [[]]);
  });

  test("a defect costs its field, not the others of the round", async () => {
    const [items, [number]] = await resolve([{ type: "District", field: "benches", parents: [encode({ id: "a" })] }, count], { ...call(), actor: { kind: Actor_Kind.SYSTEM } });
    assert.equal(items![0]!.error!.code, "PLUGIN_ERROR");
    assert.equal(decode(number!.value), 42);
  });

  test("what nobody awaits fails the call that it came from, and the process goes on", async () => {
    for (const how of ["late", "timer"]) {
      const item = (await resolve([count], call(how)))[0]![0]!;
      assert.equal(item.error?.code, "PLUGIN_ERROR");
    }
    assert.equal(decode((await resolve([count]))[0]![0]!.value), 42);
  });

  test("what is not answered in time ends with the deadline, and later calls are answered", async () => {
    await assert.rejects(resolve([count], call("wait"), new Date(Date.now() + 50)), { code: status.DEADLINE_EXCEEDED });
    assert.equal(decode((await resolve([count]))[0]![0]!.value), 42);
  });

  test("eight megabytes pass", async () => {
    assert.equal(decode<string>((await resolve([count], call("large")))[0]![0]!.value)!.length, 8 << 20);
  });

  test("unknown ones are UNIMPLEMENTED", async () => {
    await assert.rejects(resolve([{ type: "Query", field: "nothing" }]), { code: status.UNIMPLEMENTED });
  });

  test("a mutation shows what a form can show", async () => {
    const paint = async (colour: string) => decode((await resolve([{ type: "Mutation", field: "benchesPaint", arguments: encode({ colour }) }]))[0]![0]!.value);
    assert.deepEqual(await paint("red"), { userErrors: [{ code: "BAD_USER_INPUT", message: "Не красный.", path: ["colour"] }] });
    assert.deepEqual(await paint("green"), { bench: { id: "1", number: 1, colour: "green" }, userErrors: [] });
  });
});

describe("the host", () => {
  const value = async (how: string) => {
    const item = (await resolve([count], call(how)))[0]![0]!;
    if (item.error) throw Object.assign(new Error(item.error.message), { code: item.error.code });
    return decode(item.value);
  };

  test("is asked with key and token", async () => {
    house.answers["Query"] = () => ({ response: encode({ data: { town: { benches: 9 } } }) });
    assert.equal(await value("query"), 9);
    const { metadata, request } = house.called.at(-1)!;
    assert.deepEqual([metadata.get("veche-plugin-key")[0], metadata.get("veche-call-token")[0]], [house.key, "a token"]);
    assert.equal(request.query, "{ town { benches } }");
  });

  test("its errors are the field's", async () => {
    house.answers["Query"] = () => ({ response: encode({ data: null, errors: [{ message: "no town", path: ["town"] }] }) });
    await assert.rejects(value("query"), { code: "PLUGIN_ERROR", message: "town: no town" });
    house.answers["Query"] = () => {
      throw { code: status.PERMISSION_DENIED, details: "Query.town is not granted" };
    };
    await assert.rejects(value("query"), { code: "PLUGIN_ERROR", message: /not granted/ });
  });

  test("keeps keys and values", async () => {
    Object.assign(house.answers, {
      Put: (r: any) => ({ version: r.version + 5n }),
      Get: () => ({ value: encode({ n: 3 }), version: 5n }),
      List: () => ({ keys: ["one", "two"] }),
      Can: (r: any) => ({ allowed: r.permission === "benches:read" && r.object === "x" }),
    });
    assert.deepEqual(await value("keys"), [5, 3, 2, true]);
  });

  test("writes and reads tables, and undoes what was not as expected", async () => {
    house.answers["Write"] = () => ({ results: [{ rows: [], affected: 1n }] });
    house.answers["Read"] = () => ({ results: [{ rows: [encode({ n: 4 })] }] });
    assert.equal(await value("tables"), 4);
    const { request } = house.called.find((one) => one.name === "Write")!;
    assert.deepEqual([request.statements[0].expect, request.statements[0].otherwise.message, decode(request.statements[0].arguments)], [1, "Уже нет.", [1]]);
    assert.deepEqual([request.events[0].name, decode(request.events[0].payload), decode(request.jobs[0].arguments)], ["benches.painted", { n: 1 }, { n: 2 }]);
    house.answers["Write"] = (r: any) => ({ error: r.statements[0].otherwise });
    await assert.rejects(value("tables"), { code: "CONFLICT", message: "Уже нет." });
  });
});

describe("subscriptions", () => {
  test("yield their events, and an error at last", async () => {
    const items = [];
    for await (const item of house.listen(Plugin.method.listen, { call: call(), field: "benchesPainted", arguments: encode({ count: 3 }) })) items.push(item);
    assert.deepEqual(items.slice(0, 3).map((item) => decode<{ number: number }>(item.value)!.number), [0, 1, 2]);
    assert.equal(items[3].error.code, "CONFLICT");
  });

  test("pass on what the host says, and end their watch when nobody listens", async () => {
    house.answers["Watch"] = () => [{ id: "1", name: "benches.painted", object: "x", payload: encode({ n: 8 }) }];
    const stream = house.listen(Plugin.method.listen, { call: call(), field: "benchesPainted" });
    const item = await new Promise<any>((done) => stream.once("data", done));
    assert.deepEqual(decode(item.value), { id: "x", number: 8 });
    stream.on("error", () => {});
    stream.cancel();
    while (!house.called.some((one) => one.name === "Watch cancelled")) await new Promise((next) => setImmediate(next));
  });
});

test("hooks refuse with the field, or let pass", async () => {
  const ask = (action: string, title: string) => house.call(Plugin.method.before, { call: call(), action, arguments: encode({ title }) });
  assert.deepEqual((await ask("planMeeting", "")).errors[0]!.path, ["input", "title"]);
  assert.deepEqual((await ask("planMeeting", "A talk")).errors, []);
  await assert.rejects(ask("moveMeeting", ""), { code: status.UNIMPLEMENTED });
});

test("events are done, retried or dead, in their order for each object", async () => {
  const event = (object: string, name = "Meeting.CREATED") => ({ id: object, name, object });
  const { acks } = await house.call(Plugin.method.deliver, {
    call: call(),
    events: [event("a"), event("later"), event("later"), event("never"), event("broken"), event("b", "Meeting.ENDED")],
  });
  assert.deepEqual(acks.map((ack) => ack.outcome), [1, 2, 2, 3, 2, 3]);
  assert.equal(acks[1]!.after!.seconds, 5n);
});

test("jobs are done, or tried again", async () => {
  const run = (kind: string, n: number) => house.call(Plugin.method.run, { call: call(), id: "1", kind, arguments: encode({ n }), attempt: 1 });
  assert.equal((await run("paint", 1)).error, undefined);
  assert.equal((await run("paint", -1)).error!.message, "no such bench");
  await assert.rejects(run("nothing", 1), { code: status.UNIMPLEMENTED });
});

describe("the end", () => {
  test("by Shutdown, leaving no socket", async (t) => {
    const other = await another(t);
    await other.raw("/plugin.GRPCController/Shutdown", Buffer.alloc(0));
    assert.equal(await other.ended, 0);
    assert.deepEqual(readdirSync(other.folder), ["host.sock"]);
  });

  test("by the end of standard input", async (t) => {
    const other = await another(t);
    other.process.stdin!.end();
    assert.equal(await other.ended, 0);
  });

  test("Drain lets what is under way be answered", async (t) => {
    const other = await another(t);
    await other.call(Plugin.method.drain, {});
    assert.equal(decode((await other.call(Plugin.method.resolve, { call: call(), calls: [count] })).results[0]!.items[0]!.value), 42);
  });
});

test("a person who starts it is told what it is", async (t) => {
  const other = await another(t, { VECHE_PLUGIN: "" });
  assert.equal(await other.ended, 1);
  assert.match(other.log.join("\n"), /benches is a plugin of Veche/);
});
