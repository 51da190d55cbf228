// The process: handshake, socket, key, health, lifeline, and an orderly end.
import { randomBytes, timingSafeEqual } from "node:crypto";
import { unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  status as codes,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type DescMethod, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Plugin as PluginService } from "./gen/veche/plugin/v1/plugin_pb";
import { Answers, Failure, type Limits } from "./answer";
import { contractVersion, cookie, keyHeader, messageOptions } from "./contract";
import { connect } from "./host";
import { log, redirect, scope, words } from "./log";
import type { Plugin } from "./plugin";

export function serve(plugin: Plugin): void {
  const env = process.env;
  if (env[cookie.name] !== cookie.value) {
    refuse([`${plugin.manifest.name} is a plugin of Veche, which starts it itself: veche plugin dev runs it from its folder`]);
  }
  const problems = plugin.problems();
  if (problems.length > 0) refuse(problems);
  const key = env["VECHE_PLUGIN_KEY"] ?? "";
  const address = env["VECHE_HOST_ADDRESS"] ?? "";
  const folder = env["PLUGIN_UNIX_SOCKET_DIR"] ?? "";
  if (!key || !address || !folder) refuse(["VECHE_PLUGIN_KEY, VECHE_HOST_ADDRESS and PLUGIN_UNIX_SOCKET_DIR must be set"]);

  redirect();
  contain();
  const path = join(folder, `plugin-${randomBytes(6).toString("hex")}.sock`);
  const server = new Server({ ...messageOptions, interceptors: [guard(key)] });
  const stop = ending(server);
  const answers = new Answers(plugin, connect(address, key));
  server.addService(definition(), implementation(answers));
  server.addService(bare("grpc.health.v1.Health", "Check"), { Check: always(Buffer.from([8, 1])) }); // SERVING
  server.addService(bare("plugin.GRPCController", "Shutdown"), {
    Shutdown: (_call: unknown, done: (error: null, answer: Buffer) => void) => {
      done(null, Buffer.alloc(0));
      stop();
    },
  });
  server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
    if (error) refuse([error.message]);
    process.on("exit", () => remove(path));
    writeSync(1, `1|${contractVersion}|unix|${path}|grpc\n`);
  });
  // Veche holds the other end of standard input: when it ends, Veche is gone.
  process.stdin.on("end", () => process.exit(0)).on("error", () => process.exit(0)).resume();
  process.on("SIGTERM", stop);
  process.on("SIGINT", () => {}); // meant for Veche, which ends us in order
}

function refuse(problems: string[]): never {
  for (const one of problems) writeSync(2, `${one}\n`);
  process.exit(1);
}

function remove(path: string) {
  try {
    unlinkSync(path);
  } catch {
    // gone already
  }
}

// ending lets calls under way be answered, for half a second, and ends the process. It begins a moment
// later, when the answer to Shutdown has left: without it Veche waits for two seconds, and kills.
function ending(server: Server): () => void {
  return () => {
    setTimeout(() => server.tryShutdown(() => process.exit(0)), 20);
    setTimeout(() => process.exit(0), 500);
  };
}

// contain gives a rejection that nobody awaits, or an exception of a timer, to the call that it came
// from. What comes from no call leaves the plugin in a state that nobody knows: Veche starts it anew.
function contain() {
  process.on("unhandledRejection", (reason) => {
    const of = scope.getStore();
    log("ERROR", "a rejection that nobody awaits", { error: words(reason) });
    of?.fail(reason);
  });
  process.on("uncaughtException", (error) => {
    const of = scope.getStore();
    log("ERROR", "an exception that nobody catches", { error: words(error) });
    if (!of) process.exit(1);
    of.fail(error);
  });
}

// guard refuses every call that does not bear the key of this process.
function guard(key: string): ServerInterceptor {
  const wanted = Buffer.from(key);
  const bears = (metadata: Metadata) => {
    const given = Buffer.from(String(metadata.get(keyHeader)[0] ?? ""));
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  };
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            if (bears(metadata)) pass(metadata);
            else call.sendStatus({ code: codes.UNAUTHENTICATED, details: `${keyHeader} is not this process's`, metadata: new Metadata() });
          },
        }),
    });
}

function definition() {
  return Object.fromEntries(PluginService.methods.map((method) => [method.name, methodOf(method)]));
}

function methodOf(method: DescMethod): MethodDefinition<any, any> {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (message) => bufferOf(toBinary(method.input, message)),
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => bufferOf(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

// bare is a service of one method whose messages stay bytes.
function bare(service: string, method: string): Record<string, MethodDefinition<Buffer, Buffer>> {
  const same = (bytes: Buffer) => bytes;
  return {
    [method]: { path: `/${service}/${method}`, requestStream: false, responseStream: false, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same },
  };
}

function always(answer: Buffer): handleUnaryCall<Buffer, Buffer> {
  return (_call, done) => done(null, answer);
}

function implementation(answers: Answers): UntypedServiceImplementation {
  return {
    Describe: unary(async () => answers.describe()),
    Configure: unary((request, limits) => answers.configure(request, limits)),
    Resolve: unary((request, limits) => answers.resolve(request, limits)),
    Before: unary((request, limits) => answers.before(request, limits)),
    Deliver: unary((request, limits) => answers.deliver(request, limits)),
    Run: unary((request, limits) => answers.run(request, limits)),
    Drain: unary(async () => answers.drain()),
    Listen: (call: ServerWritableStream<any, any>) => void pour(call, answers),
  };
}

function unary<I, O>(answer: (request: I, limits: Limits) => Promise<O>): handleUnaryCall<I, O> {
  return (call, done) => {
    answer(call.request, limitsOf(call)).then(
      (value) => done(null, value),
      (thrown) => done(status(thrown)),
    );
  };
}

// pour writes a subscription's items no faster than they are taken.
async function pour(call: ServerWritableStream<any, any>, answers: Answers) {
  const limits = limitsOf(call);
  try {
    for await (const item of answers.listen(call.request, limits)) {
      if (!call.write(item)) await taken(call, limits.signal);
    }
    call.end();
  } catch (thrown) {
    call.emit("error", status(thrown));
  }
}

function taken(call: ServerWritableStream<any, any>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    call.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function limitsOf(call: ServerUnaryCall<any, any> | ServerWritableStream<any, any>): Limits {
  const gone = new AbortController();
  call.on("cancelled", () => gone.abort());
  const deadline = call.getDeadline();
  const finite = deadline instanceof Date || Number.isFinite(deadline);
  return { signal: gone.signal, deadline: finite ? new Date(deadline) : undefined };
}

function status(thrown: unknown) {
  if (thrown instanceof Failure) return { code: thrown.code, details: thrown.message };
  log("ERROR", "a call failed", { error: words(thrown) });
  return { code: codes.INTERNAL, details: thrown instanceof Error ? thrown.message : String(thrown) };
}
