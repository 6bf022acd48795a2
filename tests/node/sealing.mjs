// Sealing (§5): HPKE base mode, KEM 0x647a, KDF 0x0011, AEAD 0x0002, inside a flattened JWE.
import {
  createCipheriv, createDecipheriv, createHash, createPrivateKey, createPublicKey, decapsulate, diffieHellman, encapsulate,
  generateKeyPairSync, randomBytes,
} from "node:crypto";
import { b64, context, lp, must, sha256, u32, unb64 } from "./bytes.mjs";
import { thumbprint } from "./jws.mjs";

const KEM = Buffer.from([0x64, 0x7a]);
const SUITE_ID = Buffer.concat([Buffer.from("HPKE"), KEM, Buffer.from([0, 0x11, 0, 2])]);
const CLASSES = [4096, 16384, 65536, 262144, 1048576, 4194304];
const der = (hex, raw) => Buffer.concat([Buffer.from(hex, "hex"), raw]);
const mlkemPublic = (raw) => createPublicKey({ key: der("308204b2300b0609608648016503040402038204a100", raw), format: "der", type: "spki" });
const mlkemPrivate = (seed) => createPrivateKey({ key: der("3054020100300b060960864801650304040204428040", seed), format: "der", type: "pkcs8" });
const x25519Public = (raw) => createPublicKey({ key: der("302a300506032b656e032100", raw), format: "der", type: "spki" });
const x25519Private = (raw) => createPrivateKey({ key: der("302e020100300506032b656e04220420", raw), format: "der", type: "pkcs8" });
const tail = (key, length) => key.export({ format: "der", type: "spki" }).subarray(-length);

const expand = (seed) => {
  const bytes = createHash("shake256", { outputLength: 96 }).update(seed).digest();
  return { mlkem: mlkemPrivate(bytes.subarray(0, 64)), x25519: x25519Private(bytes.subarray(64)) };
};
const combine = (kem, dh, ciphertext, pub) =>
  createHash("sha3-256").update(Buffer.concat([kem, dh, ciphertext, pub, Buffer.from("\\.//^\\")])).digest();

export const newSealingKey = () => randomBytes(32).toString("base64url");
export const sealingJwk = (seed) => {
  const { mlkem, x25519 } = expand(unb64(seed));
  const pub = Buffer.concat([tail(createPublicKey(mlkem), 1184), tail(createPublicKey(x25519), 32)]);
  return { kty: "AKP", alg: "HPKE-10-KE", pub: b64(pub) };
};

const i2osp2 = (n) => Buffer.from([n >> 8, n & 255]);
const prefixed = (bytes) => Buffer.concat([i2osp2(bytes.length), bytes]);
const schedule = (shared, info) => {
  const none = Buffer.alloc(0);
  const secrets = Buffer.concat([prefixed(none), prefixed(shared)]);
  const bound = Buffer.concat([Buffer.from([0]), prefixed(none), prefixed(info)]);
  const length = 32 + 12 + 64;
  const labelled = Buffer.concat([
    secrets, Buffer.from("HPKE-v1"), SUITE_ID, prefixed(Buffer.from("secret")), i2osp2(length), bound,
  ]);
  const secret = createHash("shake256", { outputLength: length }).update(labelled).digest();
  return { key: secret.subarray(0, 32), nonce: secret.subarray(32, 44) };
};

const info = (binding) =>
  Buffer.concat([
    Buffer.from("JOSE-HPKE rcpt"), Buffer.from([255]), Buffer.from("A256GCM"), Buffer.from([255]),
    sha256(
      context("sealing-binding"),
      ...[binding.hub, binding.exchange, binding.jti, binding.kind, binding.sender, binding.recipient, "gatehouse-1"].map(lp),
    ),
  ]);

const encrypt = (key, nonce, aad, plain) => {
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(aad);
  return { text: Buffer.concat([cipher.update(plain), cipher.final()]), tag: cipher.getAuthTag() };
};
const decrypt = (key, nonce, aad, text, tag) => {
  const cipher = createDecipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(aad);
  cipher.setAuthTag(tag);
  return Buffer.concat([cipher.update(text), cipher.final()]);
};

export const seal = (body, jwk, binding) => {
  const size = CLASSES.find((each) => body.length + 4 <= each);
  must(size, "the body is too large");
  const padded = Buffer.concat([u32(body.length), body, Buffer.alloc(size - 4 - body.length)]);
  const pub = unb64(jwk.pub);
  const kem = encapsulate(mlkemPublic(pub.subarray(0, 1184)));
  const own = generateKeyPairSync("x25519");
  const share = tail(own.publicKey, 32);
  const dh = diffieHellman({ privateKey: own.privateKey, publicKey: x25519Public(pub.subarray(1184)) });
  const shared = combine(kem.sharedKey, dh, share, pub.subarray(1184));
  const { key, nonce } = schedule(shared, info(binding));
  const contentKey = randomBytes(32);
  const iv = randomBytes(12);
  const wrapped = encrypt(key, nonce, Buffer.alloc(0), contentKey);
  const ek = Buffer.concat([kem.ciphertext, share]);
  const header = b64(JSON.stringify({ alg: "HPKE-10-KE", ek: b64(ek), enc: "A256GCM", kid: thumbprint(jwk) }));
  const sealed = encrypt(contentKey, iv, Buffer.from(header), padded);
  return JSON.stringify({
    ciphertext: b64(sealed.text),
    encrypted_key: b64(Buffer.concat([wrapped.text, wrapped.tag])),
    iv: b64(iv),
    protected: header,
    tag: b64(sealed.tag),
  });
};

export const open = (text, seed, binding) => {
  const jwe = JSON.parse(text);
  const header = JSON.parse(unb64(jwe.protected).toString());
  must(header.alg === "HPKE-10-KE" && header.enc === "A256GCM", "another suite");
  const jwk = sealingJwk(seed);
  must(header.kid === thumbprint(jwk), "sealed to another key");
  const ek = unb64(header.ek);
  const { mlkem, x25519 } = expand(unb64(seed));
  const kem = decapsulate(mlkem, ek.subarray(0, 1088));
  const dh = diffieHellman({ privateKey: x25519, publicKey: x25519Public(ek.subarray(1088)) });
  const shared = combine(kem, dh, ek.subarray(1088), unb64(jwk.pub).subarray(1184));
  const { key, nonce } = schedule(shared, info(binding));
  const wrapped = unb64(jwe.encrypted_key);
  const contentKey = decrypt(key, nonce, Buffer.alloc(0), wrapped.subarray(0, 32), wrapped.subarray(32));
  const padded = decrypt(contentKey, unb64(jwe.iv), Buffer.from(jwe.protected), unb64(jwe.ciphertext), unb64(jwe.tag));
  return padded.subarray(4, 4 + padded.readUInt32BE(0));
};
