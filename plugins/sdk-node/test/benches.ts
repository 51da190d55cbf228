// A plugin that does all that a plugin can do; the program of serve.test.ts, and the plugin of bench.test.ts.
import { conflict, Dead, invalid, payload, plugin, Problems, type Ref, Retry } from "../src/index";

export const manifest = `
name: benches
version: 1.2.3
contract: 1
schema: benches.graphqls
hooks:
  - {before: planMeeting, reason: {ru: Скамейки, en: Benches}, failure: open}
hears: [Meeting.CREATED]
`;

export const schema = `
extend type District { benches(first: Int): [BenchesBench!] @public }
extend type Query { benchesCount: Int @public }
extend type Mutation { benchesPaint(colour: String!): BenchesPayload @public }
extend type Subscription { benchesPainted(count: Int): BenchesBench @public }
type BenchesBench { id: ID! number: Int! colour: String }
type BenchesPayload { bench: BenchesBench userErrors: [UserError!]! }
`;

export interface Settings {
  colour: string;
}

export function benches() {
  const p = plugin({ manifest, schema });
  const settings = p.settings<Settings>(({ colour }) => {
    if (colour === "no colour") throw invalid({ en: "There is no such colour.", ru: "Такого цвета нет." }, "colour");
  });
  const late = () => void Promise.reject(new Error("nobody awaits me"));

  p.field<{ first?: number }>("District.benches", async (districts: Ref[], args, ctx) => {
    if (ctx.actor.kind === "system") throw new Error("a defect");
    return districts.map(({ id }) => {
      if (id === "none") return null;
      if (id === "bad") return invalid({ en: "There are no benches.", ru: "Скамеек нет." }, "id");
      if (id === "worse") return new Error("secret words");
      return Array.from({ length: args.first ?? 1 }, (_, i) => ({ id, number: i, by: ctx.selects }));
    });
  });
  p.own<{ number: number }>("BenchesBench.colour", (all, _args, ctx) => all.map((bench) => `${settings(ctx).colour} ${bench.number}`));
  p.root("Query.benchesCount", async (_args, ctx) => {
    switch (ctx.requestId) {
      case "late":
        late();
        return new Promise(() => {});
      case "timer":
        setTimeout(() => {
          throw new Error("out of a timer");
        });
        return new Promise(() => {});
      case "wait":
        return new Promise(() => {});
      case "query":
        return (await ctx.query<{ town: { benches: number } }>("{ town { benches } }")).town.benches;
      case "large":
        return "x".repeat(8 << 20);
      case "prints":
        console.log("a word of %s", "mine");
        process.stdout.write("straight out\n");
        return 1;
      case "keys": {
        const version = await ctx.put("one", { n: 1 }, 0);
        const stored = await ctx.get<{ n: number }>("one");
        return [version, stored?.value.n, (await ctx.list("o")).length, await ctx.can("benches:read", "x")];
      }
      case "tables":
        await ctx.write({
          statements: [{ sql: "UPDATE benches SET n = $1", args: [1], expect: "rows", otherwise: conflict({ en: "Gone.", ru: "Уже нет." }, "input") }],
          events: [{ name: "benches.painted", object: "x", payload: { n: 1 } }],
          jobs: [{ kind: "paint", args: { n: 2 } }],
        });
        return (await ctx.read<{ n: number }>("SELECT n FROM benches WHERE n > $1", 0))[0]!.n;
    }
    return 42;
  });
  p.root<{ colour: string }>("Mutation.benchesPaint", (args, ctx) =>
    payload(ctx, async () => {
      if (args.colour === "red") throw new Problems([invalid({ en: "Not red.", ru: "Не красный." }, "colour")]);
      return { bench: { id: "1", number: 1, colour: args.colour } };
    }),
  );
  p.stream<{ count?: number }>("Subscription.benchesPainted", async function* (args, ctx) {
    if (args.count === undefined) {
      for await (const event of ctx.watch("benches.painted")) yield { id: event.object, number: (event.payload as { n: number }).n };
      return;
    }
    for (let number = 0; number < args.count; number++) yield { id: "1", number };
    if (args.count === 3) throw conflict("enough");
  });
  p.before<{ title: string }>("planMeeting", (args) => (args.title === "" ? [invalid({ en: "A title is wanted.", ru: "Нужен заголовок." }, "input", "title")] : undefined));
  p.on("Meeting.CREATED", (event) => {
    if (event.object === "later") throw new Retry("not yet", 5);
    if (event.object === "never") throw new Dead("never");
    if (event.object === "broken") throw new Error("broken");
  });
  p.job<{ n: number }>("paint", async (args) => {
    if (args.n < 0) throw new Error("no such bench");
  });
  return p;
}

if (require.main === module) benches().serve();
