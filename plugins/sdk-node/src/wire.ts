// The contract's words between its messages and the plugin's functions.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { ErrorSchema, type Error as WireError, type Event as WireEvent } from "./gen/veche/plugin/v1/plugin_pb";
import { type Code, inLanguage, PluginError } from "./errors";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** JSON's bytes; null and undefined are none. */
export function encode(value: unknown): Uint8Array {
  return value === undefined || value === null ? new Uint8Array() : encoder.encode(JSON.stringify(value));
}

/** The value of JSON's bytes; none are undefined. */
export function decode<T = unknown>(bytes: Uint8Array): T | undefined {
  return bytes.length === 0 ? undefined : (JSON.parse(decoder.decode(bytes)) as T);
}

export function toWire(error: PluginError, language: string): MessageInitShape<typeof ErrorSchema> {
  return { code: error.code, message: inLanguage(error.text, language), path: error.path };
}

/** A defect on its way out: the code makes Veche keep the words for the log. */
export function defect(thrown: unknown): WireError {
  return create(ErrorSchema, { code: "PLUGIN_ERROR", message: thrown instanceof Error ? thrown.message : String(thrown) });
}

export function fromWire(error: WireError): PluginError {
  return new PluginError(error.code as Code, error.message, error.path);
}

export function moment(at: Timestamp | undefined): Date {
  return at ? timestampDate(at) : new Date(NaN);
}

/** Something that happened. */
export interface Event<P = unknown> {
  /** The same however often it comes. */
  id: string;
  /** Of the core: Meeting.CREATED; of a plugin: territorialorder.accepted. */
  name: string;
  /** GraphQL id of what it happened to. */
  object: string;
  touched: string[];
  at: Date;
  /** Of a plugin's events only. */
  payload: P | undefined;
}

export function eventOf(event: WireEvent): Event {
  return { id: event.id, name: event.name, object: event.object, touched: event.touched, at: moment(event.at), payload: decode(event.payload) };
}
