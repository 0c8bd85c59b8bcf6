// A player in JavaScript, for node 18 or newer, without any package. Two ways to run it:
//   node player.mjs unix:PATH TOKEN [MATCHES]      over the Unix socket of `arena serve ... --unix PATH`
//   arena play connect_four "exec:node player.mjs" random        as a program, over standard input and output
//   node player.mjs ws://HOST:PORT TOKEN [MATCHES]  where WebSocket is built in (node 22): the same bytes in binary messages
import net from "node:net";

// ---- msgpack: as much of it as the protocol uses
function pack(value) {
  const out = [];
  const bytes = (n, size) => { for (let i = size - 1; i >= 0; i--) out.push(Math.floor(n / 2 ** (8 * i)) % 256); };
  const put = (v) => {
    if (v === null || v === undefined) out.push(0xc0);
    else if (v === true || v === false) out.push(v ? 0xc3 : 0xc2);
    else if (Number.isInteger(v) && v >= 0) { out.push(0xce); bytes(v, 4); }
    else if (Number.isInteger(v)) { out.push(0xd2); bytes(v + 2 ** 32, 4); }
    else if (typeof v === "number") { out.push(0xcb); const b = Buffer.alloc(8); b.writeDoubleBE(v); out.push(...b); }
    else if (typeof v === "string") { const b = Buffer.from(v); out.push(0xdb); bytes(b.length, 4); out.push(...b); }
    else if (Array.isArray(v)) { out.push(0xdd); bytes(v.length, 4); v.forEach(put); }
    else { const keys = Object.keys(v); out.push(0xdf); bytes(keys.length, 4); for (const k of keys) { put(k); put(v[k]); } }
  };
  put(value);
  return Buffer.from(out);
}

function unpack(data) {
  let at = 0;
  const uint = (size) => { let n = 0; for (let i = 0; i < size; i++) n = n * 256 + data[at++]; return n; };
  const int = (size) => { const n = data.readIntBE(at, size); at += size; return n; };
  const text = (n) => { at += n; return data.toString("utf8", at - n, at); };
  const raw = (n) => { at += n; return data.subarray(at - n, at); };
  const list = (n) => Array.from({ length: n }, get);
  const map = (n) => { const m = {}; for (let i = 0; i < n; i++) { const k = get(); m[k] = get(); } return m; };
  function get() {
    const c = data[at++];
    if (c < 0x80) return c;
    if (c < 0x90) return map(c - 0x80);
    if (c < 0xa0) return list(c - 0x90);
    if (c < 0xc0) return text(c - 0xa0);
    if (c >= 0xe0) return c - 256;
    switch (c) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: return raw(uint(1));
      case 0xc5: return raw(uint(2));
      case 0xc6: return raw(uint(4));
      case 0xca: at += 4; return data.readFloatBE(at - 4);
      case 0xcb: at += 8; return data.readDoubleBE(at - 8);
      case 0xcc: return uint(1);
      case 0xcd: return uint(2);
      case 0xce: return uint(4);
      case 0xcf: at += 8; return data.readBigUInt64BE(at - 8); // a seed: all 64 bits count
      case 0xd0: return int(1);
      case 0xd1: return int(2);
      case 0xd2: return int(4);
      case 0xd3: at += 8; return Number(data.readBigInt64BE(at - 8));
      case 0xd9: return text(uint(1));
      case 0xda: return text(uint(2));
      case 0xdb: return text(uint(4));
      case 0xdc: return list(uint(2));
      case 0xdd: return list(uint(4));
      case 0xde: return map(uint(2));
      case 0xdf: return map(uint(4));
      default: throw new Error(`msgpack code ${c} is not used by the protocol`);
    }
  }
  return get();
}

// ---- frames: four bytes of length, then one message
let buffer = Buffer.alloc(0);
function* frames(piece) {
  buffer = Buffer.concat([buffer, piece]);
  while (buffer.length >= 4 && buffer.length >= 4 + buffer.readUInt32BE(0)) {
    const size = buffer.readUInt32BE(0);
    yield unpack(buffer.subarray(4, 4 + size));
    buffer = buffer.subarray(4 + size);
  }
}

// ---- the player
const [address, token = "", count = "1"] = process.argv.slice(2);
let matches = Number(count);
const stop = (text) => { console.error(text); process.exit(1); };

function web() {
  if (!globalThis.WebSocket) stop("this node has no WebSocket: use node 22 or newer, or unix:PATH");
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.onopen = greet;
  socket.onmessage = (event) => heard(Buffer.from(event.data));
  socket.onerror = () => stop(`cannot reach ${address}`);
  return { write: (data) => socket.send(data), end: () => socket.close() };
}

function pipe() {
  const socket = address ? net.connect(address.replace("unix:", ""), greet) : process.stdin;
  socket.on("data", heard);
  socket.on("error", (error) => stop(`cannot reach ${address}: ${error.code}`));
  return address ? socket : process.stdout;
}

const heard = (piece) => { for (const message of frames(piece)) hear(message); };
const greet = () => say({ type: "hello", versions: [1], token, name: "player.mjs", wants: ["fields"] });
const say = (message) => {
  const data = pack(message), head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  line.write(Buffer.concat([head, data]));
};
const answer = (ask) => ask.legal.factors.map((values) => values[Math.floor(values.length / 2)]);

function hear(message) {
  if (message.type === "welcome" && address) say({ type: "join", matches });
  else if (message.type === "ask") {
    const { match, seat, tick, attempt = 0 } = message;
    say({ type: "act", match, seat, tick, attempt, actions: [answer(message)], notes: { why: "the middle of what is legal" } });
  } else if (message.type === "beat") say({ type: "beat" });
  else if (message.type === "error") stop(message.text);
  else if (message.type === "over" && address) {
    console.log("over", JSON.stringify(message.scores), message.reason);
    if (--matches === 0) { say({ type: "bye" }); line.end(); }
  }
}

const line = address?.startsWith("ws") ? web() : pipe();
if (!address) greet();
