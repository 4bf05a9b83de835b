// The official Improv client (npm: improv-wifi-serial-sdk) on a pseudo-terminal in the place of
// WebSerial's port. Arguments: the client's serial.js, the pty's descriptor, what to do as JSON: a list of
// [method, argument, ...]. Prints a JSON line for each, {result} or {error}, with the states that
// came meanwhile.
import fs from "node:fs";
import tty from "node:tty";
import { pathToFileURL } from "node:url";

const [script, number, wishes] = process.argv.slice(2);
globalThis.CustomEvent ??= class extends Event {
  constructor(name, options) {
    super(name);
    this.detail = options?.detail;
  }
};
const { ImprovSerial } = await import(pathToFileURL(script));
const descriptor = Number(number);
const line = new tty.ReadStream(descriptor);
const port = {
  readable: new ReadableStream({
    start(to) {
      line.on("data", (data) => to.enqueue(new Uint8Array(data)));
    },
  }),
  writable: new WritableStream({ write: (data) => void fs.writeSync(descriptor, data) }),
};
const quiet = { log() {}, debug() {}, error(...text) { console.error(...text); } };
const client = new ImprovSerial(port, quiet);
let states = [];
client.addEventListener("state-changed", (event) => states.push(event.detail));
for (const [method, ...texts] of JSON.parse(wishes)) {
  const told = {};
  try {
    told.result = (await client[method](...texts)) ?? null;
  } catch (error) {
    told.error = String(error);
  }
  console.log(JSON.stringify({ method, ...told, states, state: client.state }));
  states = [];
}
process.exit(0);
