// Keys and signatures (§3): Ed25519, compact JWS with exactly alg, kid and typ.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as edSign, verify as edVerify } from "node:crypto";
import { b64, must, sha256, unb64 } from "./bytes.mjs";

export const publicJwk = (key) => {
  const { kty, crv, x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return { kty, crv, x };
};
export const thumbprint = (jwk) =>
  b64(sha256(JSON.stringify(Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1))))));
export const newKey = () => generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
export const privateKey = (jwk) => createPrivateKey({ key: jwk, format: "jwk" });
export const publicKey = (jwk) => createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: "jwk" });

export const signJws = (payload, key, typ, more) => {
  const header = more ?? { alg: "EdDSA", kid: thumbprint(publicJwk(key)), typ };
  const signed = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(payload))}`;
  return `${signed}.${b64(edSign(null, Buffer.from(signed), key))}`;
};

export const readJws = (token) => {
  const parts = token.split(".");
  must(parts.length === 3, "not a compact JWS");
  const header = JSON.parse(unb64(parts[0]).toString());
  must(Object.keys(header).sort().join() === "alg,kid,typ" && header.alg === "EdDSA", "not our header");
  return { header, claims: JSON.parse(unb64(parts[1]).toString()), signed: `${parts[0]}.${parts[1]}`, signature: unb64(parts[2]) };
};

export const verifyJws = (token, jwk, typ) => {
  const read = readJws(token);
  must(read.header.typ === typ, `not a ${typ}`);
  must(read.header.kid === thumbprint({ kty: jwk.kty, crv: jwk.crv, x: jwk.x }), "signed by another key");
  must(edVerify(null, Buffer.from(read.signed), publicKey(jwk), read.signature), "the signature does not verify");
  return read.claims;
};

export const fingerprint = (jwk) => {
  const number = BigInt(`0x${sha256(Buffer.from("gatehouse/1/identity-fingerprint\0"), unb64(jwk.x)).toString("hex")}`);
  return (number % 10n ** 40n).toString().padStart(40, "0").match(/.{5}/g).join(" ");
};
