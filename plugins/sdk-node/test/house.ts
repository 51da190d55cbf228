// Veche as a plugin's process sees it: starts the process, serves Host, calls Plugin.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client, credentials, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { create, type DescMessage, type DescMethod, fromBinary, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Host } from "../src/gen/veche/plugin/v1/plugin_pb";

type Answer = (request: any, metadata: Metadata) => unknown;

export class House {
  readonly key = "the key of this process";
  readonly folder = mkdtempSync(join(tmpdir(), "veche-sdk-"));
  /** What the plugin called, with its metadata. */
  readonly called: { name: string; request: any; metadata: Metadata }[] = [];
  /** What Host answers, by the method's name. */
  readonly answers: Record<string, Answer> = {};
  readonly log: string[] = [];
  readonly out: string[] = [];
  process!: ChildProcess;
  ended!: Promise<number | null>;
  client!: Client;
  private readonly server = new Server({ "grpc.max_receive_message_length": 16 << 20 });
  private readonly wakes: (() => void)[] = [];

  async start(program = join(__dirname, "benches.js"), env: Record<string, string> = {}): Promise<this> {
    const address = `unix:${join(this.folder, "host.sock")}`;
    const bytes = (b: Buffer) => b;
    const shape = { requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes, requestStream: false as const };
    for (const method of Host.methods) {
      const path = `/${Host.typeName}/${method.name}`;
      const took = (call: { request: Buffer; metadata: Metadata }) => {
        const request = fromBinary(method.input, call.request);
        this.called.push({ name: method.name, request, metadata: call.metadata });
        return this.answers[method.name]?.(request, call.metadata) ?? {};
      };
      const written = (value: unknown) => Buffer.from(toBinary(method.output, create(method.output, value as any)));
      const streams = method.methodKind === "server_streaming";
      this.server.addService({ [method.name]: { ...shape, path, responseStream: streams } } as any, {
        [method.name]: streams
          ? (call: any) => {
              for (const one of took(call) as unknown[]) call.write(written(one));
              call.on("cancelled", () => this.called.push({ name: `${method.name} cancelled`, request: undefined, metadata: call.metadata }));
            }
          : (call: any, done: any) => {
              try {
                done(null, written(took(call)));
              } catch (error) {
                done(error);
              }
            },
      });
    }
    await new Promise<void>((resolve, reject) => this.server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
    const child = spawn(process.execPath, [program], {
      env: { PATH: process.env["PATH"], VECHE_PLUGIN: "a-plugin-of-veche", VECHE_PLUGIN_KEY: this.key, VECHE_HOST_ADDRESS: address, PLUGIN_UNIX_SOCKET_DIR: this.folder, ...env },
    });
    this.process = child;
    this.ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
    createInterface(child.stderr!).on("line", (line) => {
      this.log.push(line);
      for (const wake of this.wakes.splice(0)) wake();
    });
    const handshake = new Promise<string>((resolve) => {
      createInterface(child.stdout!).on("line", (line) => {
        this.out.push(line);
        resolve(line);
      });
      void this.ended.then(() => resolve(""));
    });
    const [, , , path] = (await handshake).split("|");
    if (path) this.client = new Client(`unix:${path}`, credentials.createInsecure(), { "grpc.max_receive_message_length": 16 << 20, "grpc.max_send_message_length": 16 << 20 });
    return this;
  }

  metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set("veche-plugin-key", this.key);
    return metadata;
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethod & { input: I; output: O },
    request: MessageInitShape<I>,
    options: { metadata?: Metadata; deadline?: Date } = {},
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        create(method.input, request),
        options.metadata ?? this.metadata(),
        options.deadline ? { deadline: options.deadline } : {},
        (error, answer) => (error ? reject(error) : resolve(answer!)),
      );
    });
  }

  /** A call whose messages are bytes: of services that are not the contract's. */
  raw(path: string, request: Buffer, metadata = this.metadata()): Promise<Buffer> {
    const bytes = (b: Buffer) => b;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(path, bytes, bytes, request, metadata, (error, answer) => (error ? reject(error) : resolve(answer!)));
    });
  }

  listen<I extends DescMessage, O extends DescMessage>(method: DescMethod & { input: I; output: O }, request: MessageInitShape<I>) {
    return this.client.makeServerStreamRequest(
      `/${method.parent.typeName}/${method.name}`,
      (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes),
      create(method.input, request),
      this.metadata(),
    );
  }

  /** Waits for a line of the log. */
  async logged(what: RegExp): Promise<string> {
    for (;;) {
      const line = this.log.find((one) => what.test(one));
      if (line) return line;
      await new Promise<void>((resolve) => this.wakes.push(resolve));
    }
  }

  async stop(): Promise<void> {
    this.client?.close();
    this.process.stdin!.end();
    await this.ended;
    this.server.forceShutdown();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
