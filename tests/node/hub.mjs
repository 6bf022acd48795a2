// Transport (§14): access token, DPoP, verbs over HTTP, and `take` in place of a connection.
import { randomUUID } from "node:crypto";
import { b64, now, sha256 } from "./bytes.mjs";
import { newKey, privateKey, publicJwk, signJws } from "./jws.mjs";

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export class Hub {
  constructor(url) {
    this.url = url;
    this.proofKey = privateKey(newKey());
  }

  async call(method, path, { body, headers = {}, type = "application/json" } = {}) {
    const response = await fetch(this.url + path, {
      method, redirect: "error", body, headers: body === undefined ? headers : { ...headers, "Content-Type": type },
    });
    const answer = await response.json();
    if (response.status >= 400) throw new Error(`${path}: ${answer.code} ${answer.reason ?? ""} ${answer.detail}`);
    return answer;
  }

  post(path, value, headers) {
    return this.call("POST", path, { body: JSON.stringify(value), headers });
  }

  proof(method, path, token) {
    const payload = { htm: method, htu: this.url + path, iat: now(), jti: randomUUID() };
    if (token) payload.ath = b64(sha256(token));
    const header = { typ: "dpop+jwt", alg: "EdDSA", jwk: publicJwk(this.proofKey) };
    return signJws(payload, this.proofKey, "dpop+jwt", header);
  }

  async authenticate({ hub, agency, signing }) {
    const at = now();
    const claims = { iss: agency, sub: agency, aud: hub, jti: randomUUID(), iat: at, exp: at + 60 };
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: JWT_BEARER,
      client_assertion: signJws(claims, signing, "client-authentication+jwt"),
    });
    const headers = { DPoP: this.proof("POST", "/v1/token") };
    const answer = await this.call("POST", "/v1/token", {
      body: form.toString(), headers, type: "application/x-www-form-urlencoded",
    });
    this.token = answer.access_token;
  }

  ask(verb, value, seen) {
    const path = `/v1/${verb}`;
    const headers = { Authorization: `DPoP ${this.token}`, DPoP: this.proof("POST", path, this.token) };
    if (seen) headers["Gatehouse-Seen"] = String(seen.size);
    if (this.connection && verb !== "take") headers["Gatehouse-Connection"] = String(this.connection);
    return this.post(path, value, headers);
  }

  async take(seen) {
    const answer = await this.ask("take", { connection: this.connection ?? null, credit: 4, wait: this.connection ? 10 : 0 }, seen);
    this.connection = answer.connection;
    return answer.handovers;
  }
}
