// A minimal adapter, written from docs/protocol.md alone: enrols, asks, verifies every proof, opens an item.
// It keeps no journal and takes JSON as Node does, so it is for tests only.
//
//   node adapter.mjs enrol STATE URL AGENCY CODE           prints its fingerprint
//   node adapter.mjs ask STATE RECIPIENT FINGERPRINT       prints the item it opened
import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { b64, context, hmac, must, now, sha256, unb64 } from "./bytes.mjs";
import { Hub } from "./hub.mjs";
import { fingerprint, newKey, privateKey, publicJwk, signJws, thumbprint, verifyJws } from "./jws.mjs";
import { verifyEvidence } from "./log.mjs";
import { newSealingKey, open, seal, sealingJwk } from "./sealing.mjs";

const DAY = 86_400;

const enrol = async (file, url, agency, code) => {
  const hub = new Hub(url);
  const pinned = await hub.call("GET", "/v1/hub");
  const keys = { identity: newKey(), signing: newKey(), sealing: newSealingKey() };
  const [identity, signing] = [privateKey(keys.identity), privateKey(keys.signing)];
  const expires = now() + 300 * DAY;
  const set = {
    agency, version: 1, previous: null, expires, signing: publicJwk(signing),
    sealing: [{ key: sealingJwk(keys.sealing), seal_until: expires }],
  };
  const possession = { hub: pinned.hub, agency, code_digest: b64(sha256(code)) };
  const { challenges } = await hub.post("/v1/enrolments", {
    code, agency, identity: publicJwk(identity), key_set: signJws(set, identity, "gatehouse-key-set+1"),
    possession: [identity, signing].map((key) => signJws(possession, key, "gatehouse-possession+1")),
  });
  const binding = {
    hub: pinned.hub, exchange: "enrolment", jti: agency, kind: "challenge", sender: pinned.hub, recipient: agency,
  };
  const answers = challenges.map(({ kid, sealed }) => ({ kid, nonce: b64(open(sealed, keys.sealing, binding)) }));
  await hub.post("/v1/enrolments/complete", { code, agency, answers });
  writeFileSync(file, JSON.stringify({ url, agency, hub: pinned, keys }), { mode: 0o600 });
  return { fingerprint: fingerprint(publicJwk(identity)) };
};

// The recipient as the directory shows it: identity heard by telephone, key sets chained from the first.
const peer = async (hub, agency, heard) => {
  const { agencies } = await hub.ask("directory", { agency });
  const entry = agencies.find((each) => each.agency === agency);
  must(fingerprint(entry.identity) === heard, "not the fingerprint that was heard: seal nothing");
  let [previous, newest] = [null, null];
  for (const token of entry.key_sets) {
    const set = verifyJws(token, entry.identity, "gatehouse-key-set+1");
    must(set.agency === agency && set.previous === previous && set.version === (newest?.version ?? 0) + 1, "a broken chain");
    [previous, newest] = [b64(sha256(token)), set];
  }
  must(newest.expires > now(), "the key set has run out");
  const sealing = newest.sealing.filter((each) => each.seal_until > now() && !entry.revoked.includes(thumbprint(each.key)));
  sealing.sort((a, b) => b.seal_until - a.seal_until);
  return { signing: newest.signing, sealing: sealing[0].key };
};

const order = ({ me, hub, recipient, jti, sealed, commitment, c }) => {
  const at = now();
  return {
    iss: me, sub: { id: "sw-0143", role: "practitioner" }, aud: [hub, recipient], jti, iat: at, exp: at + DAY, exchange: jti,
    purpose: "child_protection_enquiry", rating: "amber", needed_until: at + 30 * DAY,
    grounds: {
      regime: "uk_gdpr", article6: "GDPR6-1E", article9: "SCH1-P18", schedule1: [{ subject: 0, reason: "c" }],
      schedule1_paragraph: "SCH1-P18", article10: "ART10-CRIM", gateway: "CA1989-S47", confidentiality: "CL-PUBINT",
      necessity_recorded: true, collected_under: "uk_gdpr",
    },
    consent: { outcome: "not_sought", why_not_sought: "prejudice", reference: null },
    subjects: [
      { role: "child", protected_person: true, at_risk_recorded: false, cannot_consent: false, ver: 1, epoch: 1, c },
    ],
    body: { digest: b64(sha256(sealed)), commitment },
    kind: "ask", categories: ["health_attendances"], due_within: DAY, threshold: { role: "manager", at: at - 600 },
  };
};

const committed = (body) => {
  const { salt } = JSON.parse(body);
  const parts = body.split(salt);
  must(parts.length === 2, "the salt must stand in the body exactly once");
  return b64(hmac(unb64(salt), context("content-commitment"), parts.join("")));
};
const subjectCommitment = (r, t1) => b64(sha256(context("subject-commitment"), r, t1));

const ask = async (file, recipient, heard) => {
  const { url, agency: me, hub: pinned, keys } = JSON.parse(readFileSync(file));
  const signing = privateKey(keys.signing);
  const hub = new Hub(url);
  await hub.authenticate({ hub: pinned.hub, agency: me, signing });
  const other = await peer(hub, recipient, heard);
  const [jti, t1, r] = [randomUUID(), randomBytes(32), randomBytes(32)];
  const body = JSON.stringify({
    sender: me, recipient, exchange: jti, jti, salt: b64(randomBytes(32)),
    subjects: [{
      role: "child", t1: b64(t1), r: b64(r), traced: false, name: "Wren Example", born: "2019-03-14",
      identifiers: [], address: null, relation: null,
    }],
    body: "ask", concern: "Bruising explained in two ways (invented).", necessity: "Whether earlier injuries were explained alike.",
    contact: "A. Practitioner, 01632 960011",
  });
  const binding = { hub: pinned.hub, exchange: jti, jti, kind: "ask", sender: me, recipient };
  const sealed = seal(Buffer.from(body), other.sealing, binding);
  const told = order({
    me, hub: pinned.hub, recipient, jti, sealed, commitment: committed(body), c: subjectCommitment(r, t1),
  });
  const declaration = signJws(told, signing, "gatehouse-ask+1");
  let declared = await hub.ask("declare", { declaration, openings: [{ t1: b64(t1), r: b64(r) }] });
  must(declared.outcome === "allow", `not allowed: ${JSON.stringify(declared.findings)}`);
  while (!declared.proof) declared = await hub.ask("prove", { envelope: jti });
  let seen = verifyEvidence({
    hub: pinned, declaration, signing: publicJwk(signing), proof: declared.proof,
  }).checkpoint;
  await hub.ask("deposit", { envelope: jti, body: sealed });
  for (;;) {
    for (const handover of await hub.take(seen)) {
      const opened = receive({ handover, me, pinned, other, keys, seen, asked: { jti, t1 } });
      seen = opened.checkpoint;
      const { index } = await hub.ask("act", { act: receipt({ handover, me, hub: pinned.hub, signing }) });
      return { exchange: jti, item: opened.item, permit: handover.proof.index, receipt: index };
    }
  }
};

// §13, but for the journal.
const receive = ({ handover, me, pinned, other, keys, seen, asked }) => {
  const { told, checkpoint } = verifyEvidence({
    hub: pinned, declaration: handover.declaration, signing: other.signing, proof: handover.proof, seen,
  });
  must(told.iss === handover.sender && told.jti === handover.envelope && told.aud[1] === me, "another envelope");
  must(told.body.digest === b64(sha256(handover.body)), "another body");
  const binding = {
    hub: pinned.hub, exchange: told.exchange, jti: told.jti, kind: told.kind, sender: told.iss, recipient: me,
  };
  const text = open(handover.body, keys.sealing, binding).toString();
  const item = JSON.parse(text);
  must(committed(text) === told.body.commitment, "the words are not those committed to");
  for (const member of ["exchange", "jti", "category"]) must(item[member] === told[member], `another ${member} inside`);
  must(item.sender === told.iss && item.recipient === me && told.exchange === asked.jti, "not an answer to us");
  item.subjects.forEach((person, place) => {
    must(subjectCommitment(unb64(person.r), unb64(person.t1)) === told.subjects[place].c, "another person");
    must(person.t1 === b64(asked.t1), "a person nobody asked about");
  });
  return { item, checkpoint };
};

const receipt = ({ handover, me, hub, signing }) => {
  const at = now();
  const said = {
    jti: randomUUID(), iat: at, exp: at + 60 * DAY, hub, iss: me, sub: { id: "adapter", role: "practitioner" }, act: "receipt",
    sender: handover.sender, envelope: handover.envelope, digest: b64(sha256(handover.body)), outcome: "opened",
  };
  return signJws(said, signing, "gatehouse-receipt+1");
};

const [verb, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await { enrol, ask }[verb](...rest)));
