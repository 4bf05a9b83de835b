// ioBroker's adapter, fed with messages: arguments are its file and a file with a line
// {topic, payload} for each. Prints the states that it has set, what it has published when each
// switch was turned on, and what it has complained of, as one JSON object.
import fs from "node:fs";
import Module, { createRequire } from "node:module";
import { EventEmitter } from "node:events";

const [script, recorded] = process.argv.slice(2);
const states = {};
const objects = {};
const warnings = [];
const published = [];
let adapter;

class Adapter extends EventEmitter {
  constructor(options) {
    super();
    Object.assign(this, { namespace: "smappee.0", config: {}, options });
    const keep = (text) => warnings.push(String(text));
    this.log = { info() {}, debug() {}, warn: keep, error: keep };
    adapter = this;
  }
  setObjectNotExists(id, object) { objects[id] ??= object; }
  getObject(id, callback) { callback(null, objects[id]); }
  setState(id, value) { states[id] = value; }
  getState(id, callback) { callback(null, id in states ? { val: states[id] } : null); }
  subscribeStates() {}
}
const client = new EventEmitter();
client.subscribe = () => {};
client.publish = (topic, payload) => published.push({ topic, payload: JSON.parse(payload) });
const stubs = {
  "@iobroker/adapter-core": { Adapter },
  mqtt: { connect: () => client },
};
const load = Module._load;
Module._load = (name, ...others) => stubs[name] ?? load(name, ...others);
const start = createRequire(import.meta.url)(script);
if (!adapter) start({});
adapter.emit("ready");
client.emit("connect");
for (const line of fs.readFileSync(recorded, "utf8").trim().split("\n")) {
  const { topic, payload } = JSON.parse(line);
  client.emit("message", topic, payload);
}
for (const id of Object.keys(objects).filter((id) => id.endsWith(".switchON"))) {
  adapter.emit("stateChange", `smappee.0.${id}`, { val: true, ack: false });
}
console.log(JSON.stringify({ states, objects: Object.keys(objects), warnings, published }));
