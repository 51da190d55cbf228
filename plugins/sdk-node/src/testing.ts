// Tests of a plugin in memory: no process, no socket, no database but the one that a test gives.
// What goes over the wire goes through the same messages here.
import { create, type DescMessage, type DescMethod, type MessageShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import * as wire from "./gen/veche/plugin/v1/plugin_pb";
import { Answers } from "./answer";
import type { Actor, OpenCase, Write } from "./call";
import type { PluginError } from "./errors";
import type { Transport } from "./host";
import type { Plugin, Ref } from "./plugin";
import { decode, encode, type Event, fromWire } from "./wire";

/** What stands in for Veche. What a test does not give refuses to be asked. */
export interface House {
  municipality?: string;
  actor?: Partial<Actor>;
  language?: string;
  at?: Date;
  timeZone?: string;
  idempotencyKey?: string;
  settings?: unknown;
  /** Answers query: the whole response, {data, errors}. */
  query?(query: string, variables: any): unknown;
  /** Without it every permission is held. */
  can?(permission: string, object: string): boolean;
  /** Runs one statement, BEGIN, COMMIT and ROLLBACK among them, on one connection of a real Postgres. */
  sql?(text: string, args: unknown[]): Promise<{ rows: unknown[]; affected: number }>;
  watch?(names: string[]): AsyncIterable<Event>;
}

/** What the plugin left behind it in the house. */
export interface Left {
  events: NonNullable<Write["events"]>;
  audits: NonNullable<Write["audits"]>;
  jobs: NonNullable<Write["jobs"]>;
  cases: OpenCase[];
}

const kinds = { anonymous: 1, account: 2, service: 3, system: 4, plugin: 5 } as const;

export class Bench {
  readonly left: Left = { events: [], audits: [], jobs: [], cases: [] };
  private readonly answers: Answers;
  private readonly gone = new AbortController();
  private configured: Promise<unknown> | undefined;

  constructor(
    plugin: Plugin,
    private readonly house: House,
    values = new Map<string, { value: Uint8Array; version: number }>(),
  ) {
    const problems = plugin.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    this.answers = new Answers(plugin, memory(house, this.left, values));
  }

  /** A field's items for its parents: values, and errors in their places. */
  async field<V = any>(name: string, parents: (Ref | object)[], args: unknown = {}, selects: string[] = []): Promise<(V | undefined | PluginError)[]> {
    const [type, field] = name.split(".") as [string, string];
    await this.ready();
    const calls = [create(wire.FieldCallSchema, { type, field, arguments: encode(args), parents: parents.map(encode), selects })];
    const { results } = await this.answers.resolve(create(wire.ResolveRequestSchema, { call: this.call(), calls }), this.limits());
    return results[0]!.items.map((item) => (item.error ? fromWire(item.error) : decode<V>(item.value)));
  }

  /** The value of a field of Query or Mutation; its error is thrown. */
  async root<V = any>(name: string, args: unknown = {}, selects: string[] = []): Promise<V> {
    const [item] = await this.field<V>(name, [], args, selects);
    if (item instanceof Error) throw item;
    return item as V;
  }

  /** The events of a field of Subscription. */
  async *stream<V = any>(name: string, args: unknown = {}): AsyncGenerator<V> {
    await this.ready();
    const request = create(wire.ListenRequestSchema, { call: this.call(), field: name.split(".").pop()!, arguments: encode(args) });
    for await (const item of this.answers.listen(request, this.limits())) {
      if (item.error) throw fromWire(item.error);
      yield decode<V>(item.value)!;
    }
  }

  /** What stands against an action. */
  async before(action: string, args: unknown): Promise<PluginError[]> {
    await this.ready();
    const request = create(wire.BeforeRequestSchema, { call: this.call(), action, arguments: encode(args) });
    return (await this.answers.before(request, this.limits())).errors.map(fromWire);
  }

  /** Brings an event: done, retry or dead. */
  async deliver(event: Partial<Event> & { name: string }): Promise<"done" | "retry" | "dead"> {
    await this.ready();
    const of = { id: event.id ?? "1", name: event.name, object: event.object ?? "", touched: event.touched ?? [], at: timestampFromDate(event.at ?? this.at()), payload: encode(event.payload) };
    const { acks } = await this.answers.deliver(create(wire.DeliverRequestSchema, { call: this.call("plugin"), events: [of] }), this.limits());
    return ([, "done", "retry", "dead"] as const)[acks[0]!.outcome] ?? "dead";
  }

  /** Does a job; its error is thrown. */
  async run(kind: string, args: unknown = {}, attempt = 1): Promise<void> {
    await this.ready();
    const request = create(wire.RunRequestSchema, { call: this.call("plugin"), id: "1", kind, arguments: encode(args), attempt });
    const { error } = await this.answers.run(request, this.limits());
    if (error) throw fromWire(error);
  }

  /** What is wrong with settings. */
  async configure(settings: unknown): Promise<PluginError[]> {
    const request = create(wire.ConfigureRequestSchema, { call: this.call("system"), settings: encode(settings) });
    return (await this.answers.configure(request, this.limits())).errors.map(fromWire);
  }

  /** Ends all that still waits, subscriptions among it. */
  close(): void {
    this.gone.abort();
  }

  private ready() {
    return (this.configured ??= this.configure(this.house.settings ?? {}).then((errors) => {
      if (errors.length > 0) throw errors[0];
    }));
  }

  private at() {
    return this.house.at ?? new Date();
  }

  private limits() {
    return { signal: this.gone.signal, deadline: undefined };
  }

  private call(kind?: keyof typeof kinds) {
    const { actor, municipality, language, timeZone, idempotencyKey } = this.house;
    return create(wire.CallSchema, {
      municipality: municipality ?? "kansk",
      actor: { kind: kinds[kind ?? actor?.kind ?? "account"], account: actor?.account ?? "", person: actor?.person ?? "" },
      language: language ?? "en",
      timeZone: timeZone ?? "Asia/Krasnoyarsk",
      idempotencyKey: idempotencyKey ?? "",
      at: timestampFromDate(this.at()),
      token: "test",
    });
  }
}

/** A plugin on the bench. */
export function bench(plugin: Plugin, house: House = {}): Bench {
  return new Bench(plugin, house);
}

class Refused extends Error {
  constructor(
    readonly error: wire.Error | undefined,
    readonly constraint = "",
  ) {
    super(error?.message);
  }
}

// memory is a host whose keys and values live as long as the bench.
function memory(house: House, left: Left, values: Map<string, { value: Uint8Array; version: number }>): Transport {
  const put = (request: wire.PutRequest) => {
    const version = values.get(request.key)?.version ?? 0;
    if (request.version >= 0n && Number(request.version) !== version) throw new Refused(create(wire.ErrorSchema, { code: "CONFLICT", message: `${request.key} has the version ${version}` }));
    if (request.value.length === 0) values.delete(request.key);
    else values.set(request.key, { value: request.value, version: version + 1 });
    return version + 1;
  };
  const sql = house.sql ?? (() => Promise.reject(new Error("this bench has no sql")));
  let line: Promise<unknown> = Promise.resolve();
  const transaction = <T>(run: () => Promise<T>): Promise<T> => {
    const next = line.then(async () => {
      await sql("BEGIN", []);
      try {
        const value = await run();
        await sql("COMMIT", []);
        return value;
      } catch (error) {
        await sql("ROLLBACK", []);
        throw error;
      }
    });
    line = next.catch(() => {});
    return next;
  };
  const statements = async (all: wire.Statement[]) => {
    const results = [];
    for (const one of all) {
      const { rows, affected } = await sql(one.sql, decode<unknown[]>(one.arguments) ?? []).catch((error) => {
        throw error.constraint ? new Refused(create(wire.ErrorSchema, { code: "CONFLICT", message: error.message }), error.constraint) : error;
      });
      const found = rows.length > 0 || affected > 0;
      if ((one.expect === 1 && !found) || (one.expect === 2 && found)) throw new Refused(one.otherwise ?? create(wire.ErrorSchema, { code: "CONFLICT", message: one.sql }));
      results.push({ rows: rows.map(encode), affected: BigInt(affected) });
    }
    return results;
  };
  const refused = (error: unknown) => {
    if (error instanceof Refused) return { error: error.error!, constraint: error.constraint };
    throw error;
  };
  const does: Record<string, (request: any) => unknown> = {
    query: async (r: wire.QueryRequest) => {
      if (!house.query) throw new Error("this bench has no query");
      return { response: encode(await house.query(r.query, decode(r.variables))) };
    },
    can: (r: wire.CanRequest) => ({ allowed: house.can ? house.can(r.permission, r.object) : true }),
    read: (r: wire.ReadRequest) => transaction(async () => ({ results: await statements(r.statements) })).catch(refused),
    write: (r: wire.WriteRequest) => {
      const all = async () => {
        const results = await statements(r.statements);
        r.puts.forEach(put);
        left.events.push(...r.events.map((e) => ({ name: e.name, object: e.object, touched: e.touched, payload: decode(e.payload) })));
        left.audits.push(...r.audits.map((a) => ({ action: a.action, object: a.object, details: decode<any>(a.details) ?? {} })));
        left.jobs.push(...r.jobs.map((j) => ({ id: j.id, kind: j.kind, args: decode(j.arguments) })));
        return { results };
      };
      return (r.statements.length > 0 ? transaction(all) : all()).catch(refused);
    },
    get: (r: wire.GetRequest) => {
      const one = values.get(r.key);
      return one ? { value: one.value, version: BigInt(one.version) } : {};
    },
    put: async (r: wire.PutRequest) => {
      try {
        return { version: BigInt(put(r)) };
      } catch (error) {
        return refused(error);
      }
    },
    list: (r: wire.ListRequest) => ({ keys: [...values.keys()].filter((key) => key.startsWith(r.prefix) && key > r.after).sort().slice(0, r.limit) }),
    openCase: (r: wire.OpenCaseRequest) => {
      const { title, text, about, person, kind, key } = r;
      if (!left.cases.some((one) => one.key === key)) left.cases.push({ title, text, about, key, ...(person ? { person } : {}), ...(kind ? { kind } : {}) });
      return { case: `case of ${key}` };
    },
  };
  return {
    async unary<I extends DescMessage, O extends DescMessage>(method: DescMethod & { output: O }, request: MessageShape<I>): Promise<MessageShape<O>> {
      return create(method.output, (await does[method.localName]!(request)) as any);
    },
    async *stream<I extends DescMessage, O extends DescMessage>(method: DescMethod & { output: O }, request: MessageShape<I>): AsyncGenerator<MessageShape<O>> {
      if (!house.watch) throw new Error("this bench has no watch");
      for await (const { at, payload, ...event } of house.watch((request as unknown as wire.WatchRequest).names)) {
        yield create(method.output, { ...event, at: timestampFromDate(at), payload: encode(payload) } as any);
      }
    },
  };
}
