// @veche/plugin: plugins of Veche in TypeScript. README.md shows one; docs/plugins.md explains.
export { plugin, Plugin } from "./plugin";
export type { BeforeFunction, EventFunction, FieldFunction, Item, JobFunction, Manifest, Ref, RootFunction, SettingsCheck, StreamFunction } from "./plugin";
export type { Actor, Call, OpenCase, Rows, Statement, Write } from "./call";
export { conflict, Dead, forbidden, invalid, notFound, payload, PluginError, Problems, QueryError, Retry, stale } from "./errors";
export type { Code, Text, UserError } from "./errors";
export { idOf, keyOf, newKey, parseId } from "./id";
export type { Event } from "./wire";
