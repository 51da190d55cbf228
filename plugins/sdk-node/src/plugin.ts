// A plugin: its manifest, its schema, and its functions.
import { createHash } from "node:crypto";
import { parse } from "yaml";
import type { Call } from "./call";
import { check, type Sort } from "./schema";
import { serve } from "./serve";
import type { Event } from "./wire";
import type { PluginError } from "./errors";

/** A core object as a plugin sees it. */
export interface Ref {
  id: string;
}

/** A value, nothing, or an error that costs this item alone. */
export type Item<V> = V | null | undefined | Error;
type Awaitable<T> = T | Promise<T>;

export type FieldFunction<P = any, A = any, V = any> = (parents: P[], args: A, ctx: Call) => Awaitable<Item<V>[]>;
export type RootFunction<A = any, V = any> = (args: A, ctx: Call) => Awaitable<Item<V>>;
export type StreamFunction<A = any, V = any> = (args: A, ctx: Call) => AsyncIterable<V>;
export type BeforeFunction<A = any> = (args: A, ctx: Call) => Awaitable<void | PluginError | PluginError[]>;
export type EventFunction<P = any> = (event: Event<P>, ctx: Call) => Awaitable<void>;
export type JobFunction<A = any> = (args: A, ctx: Call, job: { id: string; attempt: number }) => Awaitable<void>;
export type SettingsCheck<T = any> = (settings: T, ctx: Call) => Awaitable<void | PluginError | PluginError[]>;

/** What plugin.yaml says of itself, as far as this SDK looks. */
export interface Manifest {
  name: string;
  version: string;
  contract: number;
  schema: string;
  hooks?: { before: string }[];
  hears?: string[];
}

export class Plugin {
  readonly manifest: Manifest;
  /** SHA-256 in hex of plugin.yaml. */
  readonly manifestSum: string;
  readonly functions = new Map<string, { sort: Sort; run: FieldFunction | RootFunction | StreamFunction }>();
  readonly hooks = new Map<string, BeforeFunction>();
  readonly events = new Map<string, EventFunction>();
  readonly jobs = new Map<string, JobFunction>();
  readonly configured = new Map<string, { settings: unknown; revision: bigint }>();
  readonly drain = new AbortController();
  checkSettings: SettingsCheck = () => {};

  constructor(
    manifest: string,
    readonly schema: string,
  ) {
    this.manifest = parse(manifest) as Manifest;
    this.manifestSum = createHash("sha256").update(manifest).digest("hex");
  }

  /** A field on a core object: for all parents of a round at once, their values in the same order. */
  field<A = any, V = any>(name: string, run: FieldFunction<Ref, A, V>): this {
    return this.add(name, "field", run);
  }

  /** A field of the plugin's own type that its values do not hold: the parents are the values as they were given. */
  own<P = any, A = any, V = any>(name: string, run: FieldFunction<P, A, V>): this {
    return this.add(name, "own", run);
  }

  /** A field of Query or Mutation. */
  root<A = any, V = any>(name: string, run: RootFunction<A, V>): this {
    return this.add(name, "root", run);
  }

  /** A field of Subscription: an async generator, whose values are the events. */
  stream<A = any, V = any>(name: string, run: StreamFunction<A, V>): this {
    return this.add(name, "stream", run);
  }

  /** Asked before an action of the core that the manifest names under hooks. Throw or return errors to refuse it. */
  before<A = any>(action: string, run: BeforeFunction<A>): this {
    once(this.hooks, `p.before("${action}", …)`, action, run);
    return this;
  }

  /** Brought the events of a name, at least once each. What it throws means: again, later. */
  on<P = any>(name: string, run: EventFunction<P>): this {
    once(this.events, `p.on("${name}", …)`, name, run);
    return this;
  }

  /** Does the jobs of a kind, which write schedules; at least once each. What it throws means: again, later. */
  job<A = any>(kind: string, run: JobFunction<A>): this {
    once(this.jobs, `p.job("${kind}", …)`, kind, run);
    return this;
  }

  /**
   * The settings of the call's municipality, by what it gives back: const settings = p.settings<S>();
   * settings(ctx). The check is asked at each change: errors with paths into the settings refuse it.
   */
  settings<T>(check?: SettingsCheck<T>): (ctx: { municipality: string }) => T {
    if (check) this.checkSettings = check;
    return (ctx) => {
      const of = this.configured.get(ctx.municipality);
      if (!of) throw new Error(`no settings of ${ctx.municipality} were given yet`);
      return of.settings as T;
    };
  }

  /** Aborted when the process is about to be replaced: long work of its own stops then. */
  get draining(): AbortSignal {
    return this.drain.signal;
  }

  /** What does not fit together, each with its place. */
  problems(): string[] {
    const m = this.manifest;
    const sorts = new Map([...this.functions].map(([name, { sort }]) => [name, sort] as const));
    const all = check(this.schema, m.schema ?? "schema", sorts);
    const compare = (said: string[], done: Map<string, unknown>, key: string, how: (name: string) => string) => {
      for (const name of said) if (!done.has(name)) all.push(`plugin.yaml: ${key} names ${name}, which has no function: add ${how(name)}`);
      for (const name of done.keys()) if (!said.includes(name)) all.push(`${how(name)}: plugin.yaml does not name ${name} under ${key}`);
    };
    compare((m.hooks ?? []).map((hook) => hook.before), this.hooks, "hooks", (name) => `p.before("${name}", …)`);
    compare(m.hears ?? [], this.events, "hears", (name) => `p.on("${name}", …)`);
    return all;
  }

  /** Serves Veche until it is told to stop. Ends the process with the reasons when something does not fit. */
  serve(): void {
    serve(this);
  }

  private add(name: string, sort: Sort, run: FieldFunction | RootFunction | StreamFunction): this {
    once(this.functions, `p.${sort}("${name}", …)`, name, { sort, run });
    return this;
  }
}

function once<V>(map: Map<string, V>, what: string, name: string, value: V): void {
  if (map.has(name)) throw new Error(`${what} is given twice`);
  map.set(name, value);
}

/** manifest and schema are the texts of plugin.yaml and of its schema file. */
export function plugin(of: { manifest: string; schema: string }): Plugin {
  return new Plugin(of.manifest, of.schema);
}
