// The log (§10) and evidence (§12): entry, inclusion, consistency, checkpoint, permit.
import { createPublicKey, verify as edVerify } from "node:crypto";
import { b64, context, must, sha256, u32, unb64 } from "./bytes.mjs";
import { readJws, verifyJws } from "./jws.mjs";

const leaf = (entry) => sha256([0], entry);
const node = (left, right) => sha256([1], left, right);

// RFC 9162 §2.1.3.2.
export const rootOf = (entry, index, size, path) => {
  must(index < size, "the index is not in the tree");
  let [fn, sn, hash] = [BigInt(index), BigInt(size) - 1n, leaf(entry)];
  for (const each of path.map(unb64)) {
    must(sn !== 0n, "the path is too long");
    if (fn & 1n || fn === sn) {
      hash = node(each, hash);
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else hash = node(hash, each);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  must(sn === 0n, "the path is too short");
  return hash;
};

// RFC 9162 §2.1.4.2.
export const verifyConsistency = (older, newer, path) => {
  if (older.size === newer.size) return must(older.root.equals(newer.root), "one size, two roots: a split view");
  const hashes = path.map(unb64);
  if ((older.size & (older.size - 1)) === 0) hashes.unshift(older.root);
  let [fn, sn] = [BigInt(older.size) - 1n, BigInt(newer.size) - 1n];
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [fr, sr] = [hashes[0], hashes[0]];
  for (const each of hashes.slice(1)) {
    must(sn !== 0n, "the proof is too long");
    if (fn & 1n || fn === sn) {
      [fr, sr] = [node(each, fr), node(each, sr)];
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else sr = node(sr, each);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  must(sn === 0n && fr.equals(older.root) && sr.equals(newer.root), "the history was rewritten: a split view");
};

// A C2SP signed note by the log's key.
export const openCheckpoint = (note, vkey) => {
  const [name, hash, encoded] = [vkey.slice(0, vkey.indexOf("+")), ...vkey.slice(vkey.indexOf("+") + 1).split(/\+(.*)/s)];
  const raw = Buffer.from(encoded, "base64");
  const id = sha256(`${name}\n`, raw).subarray(0, 4);
  must(raw[0] === 1 && raw.length === 33 && id.toString("hex") === hash, "not the log's key");
  const [text, signatures] = note.split("\n\n");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: b64(raw.subarray(1)) }, format: "jwk" });
  const good = signatures.split("\n").some((line) => {
    const signature = Buffer.from(line.split(" ").at(-1) ?? "", "base64");
    return line.startsWith(`— ${name} `) && signature.subarray(0, 4).equals(id)
      && edVerify(null, Buffer.from(`${text}\n`), key, signature.subarray(4));
  });
  must(good, "the checkpoint is not signed by the log");
  const [origin, size, root] = text.split("\n");
  must(origin === name, "a checkpoint of another log");
  return { size: Number(size), root: Buffer.from(root, "base64") };
};

// Steps 1 to 5, and consistency with what was seen before; gives the checkpoint and the permit.
export const verifyEvidence = ({ hub, declaration, signing, proof, seen }) => {
  const typ = readJws(declaration).header.typ;
  const told = verifyJws(declaration, signing, typ);
  must(typ === `gatehouse-${told.kind}+1` && told.aud[0] === hub.hub, "not a declaration for this hub");
  const permit = verifyJws(proof.record, hub.decision_key, "gatehouse-record+1");
  const named = {
    record: "permit", declaration: b64(sha256(declaration)), sender: told.iss, recipient: told.aud[1],
    exchange: told.exchange, envelope: told.jti, kind: told.kind, body: told.body.digest,
  };
  for (const [member, value] of Object.entries(named)) must(permit[member] === value, `the permit names another ${member}`);
  must(permit.decided.outcome === "allow", "it was not allowed");
  const entry = sha256(context("log-entry"), u32(1), unb64(proof.salt), proof.record);
  const checkpoint = openCheckpoint(proof.checkpoint, hub.log_vkey);
  must(checkpoint.size === proof.size, "the checkpoint has another size");
  must(rootOf(entry, proof.index, proof.size, proof.path).equals(checkpoint.root), "the record is not in the log");
  if (seen) {
    const before = { size: seen.size, root: unb64(seen.root) };
    if (before.size <= checkpoint.size) {
      must(before.size === checkpoint.size || proof.consistency_from === before.size, "no proof of one history");
      verifyConsistency(before, checkpoint, proof.consistency);
    } else throw new Error("an older checkpoint: ask the verb consistency");
  }
  return { told, permit, checkpoint: { size: checkpoint.size, root: b64(checkpoint.root) } };
};
