// Answers to the contract's calls by the plugin's functions. What a function throws costs what it was
// asked for, and nothing else: a field, a hook, an event; never the process.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { status as GrpcCode } from "@grpc/grpc-js";
import * as wire from "./gen/veche/plugin/v1/plugin_pb";
import { Call } from "./call";
import { Dead, personal, PluginError, Retry } from "./errors";
import { type Behalf, isServiceError, type Transport } from "./host";
import { log, scope, words } from "./log";
import type { FieldFunction, Plugin, RootFunction, StreamFunction } from "./plugin";
import { decode, defect, encode, eventOf, toWire } from "./wire";

/** How long a call may take, and the sign that nobody waits for it any more. */
export type Limits = Omit<Behalf, "token">;

/** An answer of the call as a whole that is no answer. */
export class Failure extends Error {
  constructor(
    readonly code: GrpcCode,
    message: string,
  ) {
    super(message);
  }
}

export class Answers {
  constructor(
    private readonly plugin: Plugin,
    private readonly host: Transport,
  ) {}

  describe(): wire.DescribeResponse {
    const { manifest, manifestSum, schema, functions } = this.plugin;
    return create(wire.DescribeResponseSchema, { name: manifest.name, version: manifest.version, schema, functions: [...functions.keys()].sort(), manifest: manifestSum });
  }

  async configure(request: wire.ConfigureRequest, limits: Limits): Promise<wire.ConfigureResponse> {
    const call = this.call(request.call, limits);
    const settings = decode(request.settings) ?? {};
    const errors = await this.errors(call, () => this.plugin.checkSettings(settings, call));
    const older = this.plugin.configured.get(call.municipality);
    if (errors.length === 0 && !(older && older.revision > request.revision)) {
      this.plugin.configured.set(call.municipality, { settings, revision: request.revision });
    }
    return create(wire.ConfigureResponseSchema, { errors });
  }

  async resolve(request: wire.ResolveRequest, limits: Limits): Promise<wire.ResolveResponse> {
    const answer = (one: wire.FieldCall) => this.field(one, this.call(request.call, limits, one.selects));
    const results: wire.FieldResult[] = [];
    if (request.calls.some((one) => one.type === "Mutation")) {
      for (const one of request.calls) results.push(await answer(one)); // changes are made in their order
    } else {
      results.push(...(await Promise.all(request.calls.map(answer))));
    }
    return create(wire.ResolveResponseSchema, { results });
  }

  async *listen(request: wire.ListenRequest, limits: Limits): AsyncGenerator<wire.Item> {
    const name = `Subscription.${request.field}`;
    const run = this.function(name).run as StreamFunction;
    const call = this.call(request.call, limits, request.selects);
    const events = run(decode(request.arguments) ?? {}, call)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await within(call, () => events.next());
        if (next.done) return;
        yield create(wire.ItemSchema, { value: encode(next.value) });
      }
    } catch (thrown) {
      if (limits.signal.aborted) return;
      const [error] = personal(thrown);
      if (!error) throw this.failure(name, thrown);
      yield create(wire.ItemSchema, { error: toWire(error, call.language) });
    } finally {
      void events.return?.()?.catch(() => {}); // what waits for an event that never comes is not waited for
    }
  }

  async before(request: wire.BeforeRequest, limits: Limits): Promise<wire.BeforeResponse> {
    const run = this.plugin.hooks.get(request.action);
    if (!run) throw new Failure(GrpcCode.UNIMPLEMENTED, `${request.action} has no hook`);
    const call = this.call(request.call, limits);
    return create(wire.BeforeResponseSchema, { errors: await this.errors(call, () => run(decode(request.arguments) ?? {}, call)) });
  }

  async deliver(request: wire.DeliverRequest, limits: Limits): Promise<wire.DeliverResponse> {
    const call = this.call(request.call, limits);
    const waiting = new Set<string>();
    const acks: MessageInitShape<typeof wire.AckSchema>[] = [];
    for (const event of request.events) {
      const ack = waiting.has(event.object)
        ? { outcome: wire.Ack_Outcome.RETRY, reason: "one before it of the same object waits" }
        : await this.ack(event, call);
      if (ack.outcome === wire.Ack_Outcome.RETRY) waiting.add(event.object);
      acks.push(ack);
    }
    return create(wire.DeliverResponseSchema, { acks });
  }

  async run(request: wire.RunRequest, limits: Limits): Promise<wire.RunResponse> {
    const run = this.plugin.jobs.get(request.kind);
    if (!run) throw new Failure(GrpcCode.UNIMPLEMENTED, `there is no job of the kind ${request.kind}`);
    const call = this.call(request.call, limits);
    try {
      await within(call, () => run(decode(request.arguments) ?? {}, call, { id: request.id, attempt: request.attempt }));
      return create(wire.RunResponseSchema);
    } catch (thrown) {
      const [error] = personal(thrown);
      if (!error) this.note(`job ${request.kind}`, thrown);
      return create(wire.RunResponseSchema, { error: error ? toWire(error, call.language) : defect(thrown) });
    }
  }

  drain(): wire.DrainResponse {
    this.plugin.drain.abort();
    return create(wire.DrainResponseSchema);
  }

  private async field(one: wire.FieldCall, call: Call): Promise<wire.FieldResult> {
    const name = `${one.type}.${one.field}`;
    const { run, sort } = this.function(name);
    const root = sort === "root";
    try {
      const args = decode(one.arguments) ?? {};
      const values: unknown = await within(call, async () =>
        root ? [await (run as RootFunction)(args, call)] : await (run as FieldFunction)(one.parents.map((parent) => decode(parent)), args, call),
      );
      const wanted = root ? 1 : one.parents.length;
      if (!Array.isArray(values) || values.length !== wanted) {
        throw new TypeError(`${name} was asked for ${wanted} parents and answered ${Array.isArray(values) ? `${values.length} items` : "no list"}`);
      }
      return create(wire.FieldResultSchema, { items: values.map((value) => this.item(name, value, call)) });
    } catch (thrown) {
      const item = this.item(name, thrown instanceof Error ? thrown : new Error(String(thrown)), call);
      return create(wire.FieldResultSchema, { items: Array.from({ length: root ? 1 : one.parents.length }, () => item) });
    }
  }

  private item(name: string, value: unknown, call: Call): MessageInitShape<typeof wire.ItemSchema> {
    if (!(value instanceof Error)) {
      try {
        return { value: encode(value) };
      } catch (unwritable) {
        value = unwritable;
      }
    }
    if (overdue(value, call)) throw new Failure(GrpcCode.DEADLINE_EXCEEDED, `${name}: time is up`);
    const [error] = personal(value);
    if (error) return { error: toWire(error, call.language) };
    this.note(name, value);
    return { error: defect(value) };
  }

  private async ack(event: wire.Event, call: Call): Promise<MessageInitShape<typeof wire.AckSchema>> {
    const run = this.plugin.events.get(event.name);
    if (!run) return { outcome: wire.Ack_Outcome.DEAD, reason: `the plugin has no function for ${event.name}` };
    try {
      await within(call, () => run(eventOf(event), call));
      return { outcome: wire.Ack_Outcome.DONE };
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      if (thrown instanceof Dead) return { outcome: wire.Ack_Outcome.DEAD, reason };
      if (thrown instanceof Retry) return { outcome: wire.Ack_Outcome.RETRY, reason, ...(thrown.afterSeconds > 0 ? { after: durationFromMs(thrown.afterSeconds * 1000) } : {}) };
      this.note(event.name, thrown);
      return { outcome: wire.Ack_Outcome.RETRY, reason };
    }
  }

  // errors are those that run gives or throws for a person; anything else fails the call.
  private async errors(call: Call, run: () => unknown): Promise<MessageInitShape<typeof wire.ErrorSchema>[]> {
    let given: unknown;
    try {
      given = await within(call, async () => await run());
    } catch (thrown) {
      given = personal(thrown);
      if ((given as unknown[]).length === 0) throw this.failure("a check", thrown);
    }
    const all = given === undefined || given === null ? [] : Array.isArray(given) ? given : [given];
    for (const one of all) if (!(one instanceof PluginError)) throw this.failure("a check", new TypeError(`it gave ${JSON.stringify(one)}, which is no error`));
    return all.map((one) => toWire(one, call.language));
  }

  private call(call: wire.Call | undefined, limits: Limits, selects: readonly string[] = []): Call {
    return new Call(call, this.host, { ...limits, token: call?.token ?? "" }, selects);
  }

  private function(name: string) {
    const one = this.plugin.functions.get(name);
    if (!one) throw new Failure(GrpcCode.UNIMPLEMENTED, `${name} has no function`);
    return one;
  }

  private failure(what: string, thrown: unknown): Failure {
    if (thrown instanceof Failure) return thrown;
    if (isServiceError(thrown) && (thrown.code === GrpcCode.DEADLINE_EXCEEDED || thrown.code === GrpcCode.CANCELLED)) return new Failure(thrown.code, thrown.details);
    this.note(what, thrown);
    return new Failure(GrpcCode.INTERNAL, thrown instanceof Error ? thrown.message : String(thrown));
  }

  private note(what: string, thrown: unknown): void {
    log("ERROR", `${what} failed`, { error: words(thrown) });
  }
}

// overdue says that something failed because time was up, which is no defect.
function overdue(thrown: unknown, call: Call): boolean {
  return call.signal.aborted || (isServiceError(thrown) && thrown.code === GrpcCode.DEADLINE_EXCEEDED);
}

// within runs a function of the plugin so that a rejection which nobody awaits fails it, and nothing
// else, and so that it is not waited for when nobody waits for the answer.
function within<T>(call: Call, run: () => T | Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const gone = () => reject(new Failure(GrpcCode.CANCELLED, "nobody waits for the answer any more"));
    if (call.signal.aborted) return gone();
    call.signal.addEventListener("abort", gone, { once: true });
    scope
      .run({ call, fail: reject }, async () => await run())
      .then(resolve, reject)
      .finally(() => call.signal.removeEventListener("abort", gone));
  });
}
