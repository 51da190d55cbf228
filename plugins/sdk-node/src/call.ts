// What a function of the plugin is given beside its arguments: for whom it works, and the way back
// into Veche. It dies with the call.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Call as WireCall, Host, type Rows as WireRows, Statement_Expect } from "./gen/veche/plugin/v1/plugin_pb";
import * as wire from "./gen/veche/plugin/v1/plugin_pb";
import { forbidden, type PluginError, QueryError } from "./errors";
import { keyFrom, newKey } from "./id";
import type { Behalf, Transport } from "./host";
import { decode, encode, type Event, eventOf, fromWire, moment, toWire } from "./wire";

export interface Actor {
  kind: "anonymous" | "account" | "service" | "system" | "plugin";
  /** GraphQL ids; undefined where there is none. */
  account: string | undefined;
  person: string | undefined;
}

/** One SQL statement on the plugin's own tables: unqualified names, parameters $1, $2. */
export interface Statement {
  sql: string;
  args?: unknown[];
  /** What must come of it; else everything is undone and `otherwise` is thrown. */
  expect?: "rows" | "no rows";
  otherwise?: PluginError;
}

export interface Rows<T = Record<string, unknown>> {
  rows: T[];
  affected: number;
}

/** What is done in one transaction, or not at all. */
export interface Write {
  statements?: Statement[];
  /** Events that the manifest declares under sends; object is a GraphQL id. */
  events?: { name: string; object: string; touched?: string[]; payload?: unknown }[];
  audits?: { action: string; object: string; details?: Record<string, unknown> }[];
  /** The same id is scheduled once; without `at` it runs now. */
  jobs?: { kind: string; id?: string; args?: unknown; at?: Date }[];
  puts?: { key: string; value: unknown; version?: number }[];
}

export interface OpenCase {
  title: string;
  text: string;
  /** GraphQL id of the object that it follows from. */
  about: string;
  person?: string;
  kind?: string;
  /** The same key gives the same case, once. */
  key: string;
}

const actors: Actor["kind"][] = ["anonymous", "anonymous", "account", "service", "system", "plugin"];

export class Call {
  /** The municipality's key: kansk. */
  readonly municipality: string;
  readonly actor: Actor;
  /** ru or en: in what words errors are given. */
  readonly language: string;
  /** Veche's clock. */
  readonly at: Date;
  /** Of the municipality: Asia/Krasnoyarsk. */
  readonly timeZone: string;
  readonly requestId: string;
  readonly traceparent: string;
  /** Of a mutation, where the client gave one. */
  readonly idempotencyKey: string | undefined;

  constructor(
    wireCall: WireCall | undefined,
    private readonly host: Transport,
    private readonly on: Behalf,
    /** Names of the properties asked for of a field's value. */
    readonly selects: readonly string[] = [],
  ) {
    const call = wireCall ?? create(wire.CallSchema);
    this.municipality = call.municipality;
    this.actor = { kind: actors[call.actor?.kind ?? 0] ?? "anonymous", account: call.actor?.account || undefined, person: call.actor?.person || undefined };
    this.language = call.language || "ru";
    this.at = moment(call.at);
    this.timeZone = call.timeZone;
    this.requestId = call.requestId;
    this.traceparent = call.traceparent;
    this.idempotencyKey = call.idempotencyKey || undefined;
  }

  /** Aborted when time is up or nobody waits for the answer any more. */
  get signal(): AbortSignal {
    return this.on.signal;
  }

  get deadline(): Date | undefined {
    return this.on.deadline;
  }

  /** The day in the town: 2012-09-28. */
  get today(): string {
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.timeZone || "UTC", dateStyle: "short" }).format(this.at);
  }

  /** Says whether a property of the value is asked for, so that what is dear to make need not be made in vain. */
  selected(property: string): boolean {
    return this.selects.length === 0 || this.selects.includes(property);
  }

  /**
   * A key for a new object. Where the client named an idempotency key it is the same one for the same
   * caller and type at each attempt, so that the second meets the primary key of what the first made.
   */
  newKey(type: string): string {
    if (!this.idempotencyKey || !this.actor.account) return newKey(this.at.getTime());
    return keyFrom([type, this.municipality, this.actor.account, this.idempotencyKey]);
  }

  /** Runs a GraphQL operation under the caller's rights and the plugin's grants. Errors are thrown as a QueryError. */
  async query<T = any>(query: string, variables: Record<string, unknown> = {}, operation = ""): Promise<T> {
    const request = create(wire.QueryRequestSchema, { query, variables: encode(variables), operation });
    const answer = await this.host.unary(Host.method.query, request, this.on);
    const { data, errors } = decode<{ data: T; errors?: QueryError["errors"] }>(answer.response) ?? { data: undefined as T };
    if (errors?.length) throw new QueryError(errors, data);
    return data;
  }

  /** Says whether the caller holds a permission where an object stands, or anywhere when none is given. */
  async can(permission: string, object = ""): Promise<boolean> {
    return (await this.host.unary(Host.method.can, create(wire.CanRequestSchema, { permission, object }), this.on)).allowed;
  }

  /** Throws FORBIDDEN where can says no. */
  async require(permission: string, object = ""): Promise<void> {
    if (!(await this.can(permission, object))) throw forbidden({ en: "You are not allowed to do this.", ru: "У вас нет права на это действие." });
  }

  /** The rows of one statement that changes nothing, by column name. */
  async read<T = Record<string, unknown>>(sql: string, ...args: unknown[]): Promise<T[]> {
    return (await this.readAll({ sql, args }))[0]!.rows as T[];
  }

  /** Several statements that change nothing, on one snapshot. */
  async readAll(...statements: Statement[]): Promise<Rows[]> {
    const answer = await this.host.unary(Host.method.read, create(wire.ReadRequestSchema, { statements: statements.map((s) => this.statement(s)) }), this.on);
    if (answer.error) throw fromWire(answer.error);
    return answer.results.map(rowsOf);
  }

  /**
   * Does all that it is given in one transaction, or nothing; the rows of each statement come back.
   * An expectation that failed is thrown as its `otherwise`; a violated constraint as a PluginError
   * whose `constraint` names it.
   */
  async write(all: Write): Promise<Rows[]> {
    const request = create(wire.WriteRequestSchema, {
      statements: (all.statements ?? []).map((s) => this.statement(s)),
      events: (all.events ?? []).map((e) => ({ ...e, payload: encode(e.payload) })),
      audits: (all.audits ?? []).map((a) => ({ ...a, details: encode(a.details) })),
      jobs: (all.jobs ?? []).map((j) => ({ id: j.id ?? "", kind: j.kind, arguments: encode(j.args), ...(j.at ? { at: timestampFromDate(j.at) } : {}) })),
      puts: (all.puts ?? []).map((p) => ({ key: p.key, value: encode(p.value), version: BigInt(p.version ?? -1) })),
    });
    const answer = await this.host.unary(Host.method.write, request, this.on);
    if (answer.error) {
      const error = fromWire(answer.error);
      if (answer.constraint) error.constraint = answer.constraint;
      throw error;
    }
    return answer.results.map(rowsOf);
  }

  /** A value of the plugin's own keys in the municipality, with its version. */
  async get<T = unknown>(key: string): Promise<{ value: T; version: number } | undefined> {
    const answer = await this.host.unary(Host.method.get, create(wire.GetRequestSchema, { key }), this.on);
    return answer.value.length === 0 ? undefined : { value: decode<T>(answer.value)!, version: Number(answer.version) };
  }

  /**
   * Keeps a value; null deletes it. With the version that get gave another one in between is a
   * CONFLICT; 0: it must not be there; without: whatever is there. Gives the new version.
   */
  async put(key: string, value: unknown, version = -1): Promise<number> {
    const answer = await this.host.unary(Host.method.put, create(wire.PutRequestSchema, { key, value: encode(value), version: BigInt(version) }), this.on);
    if (answer.error) throw fromWire(answer.error);
    return Number(answer.version);
  }

  /** Keys that begin with prefix, in order. */
  async list(prefix: string, page: { after?: string; limit?: number } = {}): Promise<string[]> {
    const request = create(wire.ListRequestSchema, { prefix, after: page.after ?? "", limit: page.limit ?? 1000 });
    return (await this.host.unary(Host.method.list, request, this.on)).keys;
  }

  /** Opens a case as the caller and gives its id. */
  async openCase(open: OpenCase): Promise<string> {
    const answer = await this.host.unary(Host.method.openCase, create(wire.OpenCaseRequestSchema, open), this.on);
    if (answer.error) throw fromWire(answer.error);
    return answer.case;
  }

  /** Events as they are committed, for subscriptions; without names all that the manifest names. */
  async *watch(...names: string[]): AsyncGenerator<Event> {
    for await (const event of this.host.stream(Host.method.watch, create(wire.WatchRequestSchema, { names }), this.on)) yield eventOf(event);
  }

  private statement(s: Statement) {
    const expect = { rows: Statement_Expect.ROWS, "no rows": Statement_Expect.NO_ROWS };
    return {
      sql: s.sql,
      arguments: encode(s.args ?? []),
      expect: s.expect ? expect[s.expect] : Statement_Expect.UNSPECIFIED,
      ...(s.otherwise ? { otherwise: toWire(s.otherwise, this.language) } : {}),
    };
  }
}

function rowsOf(rows: WireRows): Rows {
  return { rows: rows.rows.map((row) => decode<Record<string, unknown>>(row)!), affected: Number(rows.affected) };
}
