// Calls to Veche itself, at VECHE_HOST_ADDRESS.
import { Client, credentials, type ClientReadableStream, Metadata, type ServiceError } from "@grpc/grpc-js";
import { type DescMessage, type DescMethodServerStreaming, type DescMethodUnary, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { keyHeader, messageOptions, tokenHeader } from "./contract";

/** On whose behalf a call is made, and how long it may take. */
export interface Behalf {
  token: string;
  deadline: Date | undefined;
  signal: AbortSignal;
}

/** What carries calls to the host: a socket, or a test. */
export interface Transport {
  unary<I extends DescMessage, O extends DescMessage>(method: DescMethodUnary<I, O>, request: MessageShape<I>, on: Behalf): Promise<MessageShape<O>>;
  stream<I extends DescMessage, O extends DescMessage>(method: DescMethodServerStreaming<I, O>, request: MessageShape<I>, on: Behalf): AsyncIterable<MessageShape<O>>;
}

export function connect(address: string, key: string): Transport {
  const client = new Client(address, credentials.createInsecure(), messageOptions);
  const parts = <I extends DescMessage, O extends DescMessage>(method: { parent: { typeName: string }; name: string; input: I; output: O }, on: Behalf) => {
    const metadata = new Metadata();
    metadata.set(keyHeader, key);
    metadata.set(tokenHeader, on.token);
    return {
      path: `/${method.parent.typeName}/${method.name}`,
      serialize: (message: MessageShape<I>) => Buffer.from(toBinary(method.input, message)),
      deserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
      metadata,
      options: on.deadline ? { deadline: on.deadline } : {},
    };
  };
  return {
    unary(method, request, on) {
      const p = parts(method, on);
      return new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(p.path, p.serialize, p.deserialize, request, p.metadata, p.options, (error, answer) => {
          on.signal.removeEventListener("abort", cancel);
          if (error) reject(error);
          else resolve(answer!);
        });
        const cancel = () => call.cancel();
        on.signal.addEventListener("abort", cancel, { once: true });
      });
    },
    stream(method, request, on) {
      const p = parts(method, on);
      return ended(client.makeServerStreamRequest(p.path, p.serialize, p.deserialize, request, p.metadata, p.options), on.signal);
    },
  };
}

// ended yields what comes until either side ends it. A stream that we end ourselves is no error.
async function* ended<T>(call: ClientReadableStream<T>, signal: AbortSignal): AsyncGenerator<T> {
  const cancel = () => call.cancel();
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for await (const message of call) yield message as T;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    call.cancel();
  }
}

export function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && typeof (thrown as Partial<ServiceError>).code === "number" && "details" in thrown;
}
