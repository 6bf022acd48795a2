// Bytes and texts (docs/protocol.md §2): base64url, length prefixes, contexts, hashes.
import { createHash, createHmac } from "node:crypto";

export const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
export const unb64 = (text) => {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) throw new Error("not base64url in its one spelling");
  return bytes;
};
export const u32 = (n) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(n);
  return bytes;
};
export const lp = (text) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([u32(bytes.length), bytes]);
};
export const context = (name) => Buffer.from(`gatehouse/1/${name}\0`);
export const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
export const hmac = (key, ...parts) => createHmac("sha256", key).update(Buffer.concat(parts.map((p) => Buffer.from(p)))).digest();
export const now = () => Math.floor(Date.now() / 1000);
export const must = (holds, says) => {
  if (!holds) throw new Error(says);
};
