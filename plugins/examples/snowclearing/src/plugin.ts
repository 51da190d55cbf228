// The plugin: when streets are cleared of snow.
import { plugin } from "@veche/plugin";
import manifest from "../plugin.yaml";
import schema from "../snowclearing.graphqls";
import { refusing } from "./hooks";
import { planning } from "./plan";
import { reading } from "./read";
import type { Settings } from "./settings";

export function snowclearing() {
  const p = plugin({ manifest, schema });
  const settings = p.settings<Settings>();
  reading(p);
  planning(p, settings);
  refusing(p, settings);
  return p;
}
