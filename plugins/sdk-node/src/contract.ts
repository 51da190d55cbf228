// The few words of the handshake: see plugins/contract in Veche's repository.
export const contractVersion = 1;
export const cookie = { name: "VECHE_PLUGIN", value: "a-plugin-of-veche" };
export const keyHeader = "veche-plugin-key";
export const tokenHeader = "veche-call-token";

const maxMessage = 16 << 20;
export const messageOptions = { "grpc.max_receive_message_length": maxMessage, "grpc.max_send_message_length": maxMessage };
