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
import { decode, encode, type Event, fromWire, moment } from "./wire";

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
  ) {
    const problems = plugin.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    this.answers = new Answers(plugin, memory(house, this.left));
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

// Tables runs statements as the host does: in one transaction, one after another.
class Tables {
  private line: Promise<unknown> = Promise.resolve();

  constructor(private readonly sql: NonNullable<House["sql"]>) {}

  transaction<T>(run: () => Promise<T>): Promise<T> {
    const next = this.line.then(async () => {
      await this.sql("BEGIN", []);
      try {
        const value = await run();
        await this.sql("COMMIT", []);
        return value;
      } catch (error) {
        await this.sql("ROLLBACK", []);
        throw error;
      }
    });
    this.line = next.catch(() => {});
    return next;
  }

  async all(statements: wire.Statement[]) {
    const results = [];
    for (const one of statements) {
      const { rows, affected } = await this.one(one);
      const found = rows.length > 0 || affected > 0;
      const { ROWS, NO_ROWS } = wire.Statement_Expect;
      if ((one.expect === ROWS && !found) || (one.expect === NO_ROWS && found)) throw new Refused(one.otherwise ?? contradiction(one.sql));
      results.push({ rows: rows.map(encode), affected: BigInt(affected) });
    }
    return results;
  }

  private one(statement: wire.Statement) {
    return this.sql(statement.sql, decode<unknown[]>(statement.arguments) ?? []).catch((error) => {
      throw error.constraint ? new Refused(contradiction(error.message), error.constraint) : error;
    });
  }
}

// Values are keys and values, each with its version.
class Values {
  private readonly all = new Map<string, { value: Uint8Array; version: bigint }>();

  put({ key, value, version }: wire.PutRequest): bigint {
    const now = this.all.get(key)?.version ?? 0n;
    if (version >= 0n && version !== now) throw new Refused(contradiction(`${key} has the version ${now}`));
    if (value.length === 0) this.all.delete(key);
    else this.all.set(key, { value, version: now + 1n });
    return now + 1n;
  }

  get(key: string) {
    return this.all.get(key) ?? {};
  }

  list({ prefix, after, limit }: wire.ListRequest): string[] {
    return [...this.all.keys()].filter((key) => key.startsWith(prefix) && key > after).sort().slice(0, limit);
  }
}

const contradiction = (message: string) => create(wire.ErrorSchema, { code: "CONFLICT", message });

const refused = (error: unknown) => {
  if (error instanceof Refused) return { error: error.error, constraint: error.constraint };
  throw error;
};

// doing is what Host does, by its methods.
function doing(house: House, left: Left): Record<string, (request: any) => unknown> {
  const tables = new Tables(house.sql ?? (() => Promise.reject(new Error("this bench has no sql"))));
  const values = new Values();
  const write = async (r: wire.WriteRequest) => {
    const results = await tables.all(r.statements);
    r.puts.forEach((one) => values.put(one));
    left.events.push(...r.events.map((e) => ({ name: e.name, object: e.object, touched: e.touched, payload: decode(e.payload) })));
    left.audits.push(...r.audits.map((a) => ({ action: a.action, object: a.object, details: decode<Record<string, unknown>>(a.details) ?? {} })));
    left.jobs.push(...r.jobs.map((j) => ({ id: j.id, kind: j.kind, args: decode(j.arguments), ...(j.at ? { at: moment(j.at) } : {}) })));
    return { results };
  };
  return {
    query: async (r: wire.QueryRequest) => {
      if (!house.query) throw new Error("this bench has no query");
      return { response: encode(await house.query(r.query, decode(r.variables))) };
    },
    can: (r: wire.CanRequest) => ({ allowed: house.can ? house.can(r.permission, r.object) : true }),
    read: (r: wire.ReadRequest) => tables.transaction(async () => ({ results: await tables.all(r.statements) })).catch(refused),
    write: (r: wire.WriteRequest) => (r.statements.length > 0 ? tables.transaction(() => write(r)) : write(r)).catch(refused),
    get: (r: wire.GetRequest) => values.get(r.key),
    put: async (r: wire.PutRequest) => {
      try {
        return { version: values.put(r) };
      } catch (error) {
        return refused(error);
      }
    },
    list: (r: wire.ListRequest) => ({ keys: values.list(r) }),
    openCase: (r: wire.OpenCaseRequest) => {
      const { title, text, about, person, kind, key } = r;
      if (!left.cases.some((one) => one.key === key)) left.cases.push({ title, text, about, key, ...(person ? { person } : {}), ...(kind ? { kind } : {}) });
      return { case: `case of ${key}` };
    },
  };
}

// memory is a host that lives as long as the bench.
function memory(house: House, left: Left): Transport {
  const does = doing(house, left);
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
