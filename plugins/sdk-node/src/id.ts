// Ids as Veche makes them: base64url of "Type:" and the sixteen bytes of a UUIDv7.
import { createHash, randomBytes } from "node:crypto";
import { invalid } from "./errors";

/** A fresh UUIDv7 (RFC 9562, section 5.7): the key of a row in the plugin's own tables. */
export function newKey(now = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return written(bytes);
}

/** The same key for the same words, in the form of a UUIDv8 (RFC 9562, section 5.8). */
export function keyFrom(words: string[]): string {
  const bytes = createHash("sha256").update(JSON.stringify(words)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return written(bytes);
}

/** The GraphQL id of the object of a type with a key. */
export function idOf(type: string, key: string): string {
  if (!isName(type) || !isKey(key)) throw new TypeError(`${type}:${key} makes no id: it takes a type's name and a UUID`);
  return Buffer.concat([Buffer.from(`${type}:`), Buffer.from(key.replaceAll("-", ""), "hex")]).toString("base64url");
}

/** The parts of an id; undefined when it is none. An object has one id: no other spelling passes. */
export function parseId(id: string): { type: string; key: string } | undefined {
  const bytes = Buffer.from(id, "base64url");
  if (bytes.toString("base64url") !== id) return undefined;
  const at = bytes.indexOf(0x3a);
  const type = bytes.toString("latin1", 0, Math.max(at, 0));
  if (at < 0 || bytes.length - at - 1 !== 16 || !isName(type)) return undefined;
  return { type, key: written(bytes.subarray(at + 1)) };
}

/** The key of an id that must name that type; otherwise an error for the person at path. */
export function keyOf(id: string, type: string, ...path: string[]): string {
  const parts = parseId(id);
  if (!parts) {
    throw invalid({ en: "This is not an id. Take it from an object's field id.", ru: "Это не идентификатор. Возьмите его из поля id объекта." }, ...path);
  }
  if (parts.type !== type) {
    throw invalid(
      { en: `This is the id of a ${parts.type}; a ${type}'s id is wanted here.`, ru: `Это идентификатор объекта ${parts.type}, а нужен идентификатор ${type}.` },
      ...path,
    );
  }
  return parts.key;
}

function isName(type: string) {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(type);
}

function isKey(key: string) {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(key);
}

function written(bytes: Buffer) {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
