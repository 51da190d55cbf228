// The same in TypeScript as main.go beside it.
import { type Call, plugin, type Ref } from "@veche/plugin";
import manifest from "./plugin.yaml";
import schema from "./notes.graphqls";

const p = plugin({ manifest, schema });
const settings = p.settings<{ authors: string[] }>();

p.field("Council.notes", (councils: Ref[], { first }: { first: number }, ctx: Call) => {
  const { authors } = settings(ctx);
  return councils.map((_, i) =>
    Array.from({ length: Math.min(first, authors.length) }, (_, k) => {
      const n = i * first + k;
      return { text: `Заметка № ${n + 1}`, author: { id: authors[n % authors.length] } };
    }),
  );
});

p.serve();
