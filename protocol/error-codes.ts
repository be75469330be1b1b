/**
 * Every stable error code, with the sentence that a person reads and the next step to take.
 * One table for the node's console, the server's problem documents and `docs/errors.md`.
 * A code is never renamed or reused: people grep logs and alarms for it.
 */
export interface ErrorEntry {
  /** One sentence for a person: what happened. */
  readonly title: string;
  /** One sentence: what to do next. */
  readonly next: string;
  /** HTTP status when a server answers with this code; absent when it never leaves the node. */
  readonly status?: number;
}

const table = {
  // Input that could not be understood.
  malformed: {
    title: "The data does not have the form that was agreed.",
    next: "Compare it with docs/protocol.md; `field` says which part was wrong.",
    status: 400,
  },
  "unsupported-version": {
    title: "The other side speaks a version of the protocol that this one does not.",
    next: "Update the older of the two.",
    status: 400,
  },
  "config-invalid": {
    title: "A value in the configuration cannot be used.",
    next: "Correct the named field; `latchkey doctor` checks the whole file.",
  },
  "config-missing": {
    title: "The board has no configuration.",
    next: "Give it one: `latchkey provision --config latchkey.json`.",
  },
  // Provisioning.
  "provisioning-locked": {
    title: "The node has a configuration and does not take another one now.",
    next: "Unplug the node, plug it in, and provision it within 60 seconds.",
  },
  "provisioning-silent": {
    title: "Nothing on this port can be provisioned.",
    next: "Check cable and port, close other programs that use it, and unplug the node once.",
  },
  "provisioning-damaged": {
    title: "The configuration did not arrive whole.",
    next: "Try again; if it repeats, take another cable or port. The node keeps what it had.",
  },
  "provisioning-unfinished": {
    title: "The node has its configuration, but the server has not taken it in yet.",
    next: "It keeps trying; `latchkey console` and `status` say what it waits for.",
  },
  // Node identity and session.
  "node-unknown": {
    title: "The server does not know this node.",
    next: "Register the node again, or ask a manager whether it was removed.",
    status: 404,
  },
  "node-pending": {
    title: "The node is registered but a manager has not approved it yet.",
    next: "Approve it with `latchkey node approve`.",
    status: 403,
  },
  "node-revoked": {
    title: "This node's identity was revoked.",
    next: "Ask a manager; a revoked node must be enrolled again with a new key.",
    status: 403,
  },
  "node-undelegated": {
    title: "The identity behind the tenant does not vouch for this node's key.",
    next: "Delegate to it: `latchkey authority delegate --node`, then `authority publish`.",
    status: 403,
  },
  "node-exists": {
    title: "Another key is already registered for this node.",
    next: "Rotate the key with a statement signed by the old one, or revoke the old node first.",
    status: 409,
  },
  "registration-refused": {
    title: "The server did not accept the registration.",
    next: "Check comm_key, comm_iv and tenant_id against what the tenant issued.",
    status: 403,
  },
  "enrol-token-invalid": {
    title: "The enrolment token is wrong, used up or expired.",
    next: "Issue a new token and write it to the node's configuration.",
    status: 403,
  },
  "challenge-expired": {
    title: "The challenge was answered too late.",
    next: "Try again; if it persists, look at the network's delay.",
    status: 401,
  },
  "challenge-used": {
    title: "The challenge was already answered once, or never issued.",
    next: "Start a new challenge; a repeat of this from one node deserves a look at the audit log.",
    status: 401,
  },
  "signature-invalid": {
    title: "A signature does not fit its key and message.",
    next: "Check the keys on both sides; if they are right, someone altered the message.",
    status: 401,
  },
  "server-untrusted": {
    title: "The answer was not signed by a server key that this node trusts.",
    next: "Check server_keys in the configuration, and what sits between node and server.",
  },
  replay: {
    title: "This message was already received once.",
    next: "Nothing to do if it was a retry; otherwise look at the audit log.",
    status: 409,
  },
  "session-unknown": {
    title: "The server does not know this session.",
    next: "The node authenticates again by itself.",
    status: 401,
  },
  "session-ended": {
    title: "The session has ended.",
    next: "The node authenticates again by itself.",
    status: 401,
  },
  "token-expired": {
    title: "The access token has expired.",
    next: "The node authenticates again by itself.",
    status: 401,
  },
  "token-invalid": {
    title: "The access token is not one that this server issued.",
    next: "Authenticate again.",
    status: 401,
  },
  "envelope-invalid": {
    title: "A sealed message does not open under its session.",
    next: "Authenticate again; if it persists, someone alters messages on the way.",
    status: 400,
  },
  "sequence-exhausted": {
    title: "The session has used all of its message numbers.",
    next: "The node authenticates again by itself.",
  },
  "key-agreement-failed": {
    title: "The key agreement gave a result that must not be used.",
    next: "Try again; if it persists, the other side sends forged keys.",
    status: 400,
  },
  "tenant-mismatch": {
    title: "The subject belongs to another tenant.",
    next: "Check tenant_id on both sides.",
    status: 403,
  },
  "tenant-unknown": {
    title: "The server does not know this tenant.",
    next: "Check tenant_id in the configuration.",
    status: 404,
  },
  "forbidden-role": {
    title: "This role may not do that.",
    next: "Ask someone whose role allows it.",
    status: 403,
  },
  "mandate-closed": {
    title: "The mandate's export was collected, withdrawn or not collected in time, and is gone.",
    next: "Register the mandate again if the court's order still holds.",
    status: 409,
  },
  "collection-key-wrong": {
    title: "The export does not open under this key.",
    next: "Give the key that was shown when the mandate was registered; nothing was destroyed.",
    status: 403,
  },
  "origin-refused": {
    title: "This web page may not speak to the server.",
    next: "Add its origin to those that the server lets in, letter by letter, or use one of them.",
    status: 403,
  },
  "audience-mismatch": {
    title: "The session was opened for another back end.",
    next: "Open one for this back end: `audience` must be the name that its token was issued for.",
    status: 403,
  },
  "assurance-too-low": {
    title: "This needs a key that hardware holds and does not give away.",
    next: "Sign in with a security key or with a passkey that stays on its device.",
    status: 403,
  },
  "passkey-refused": {
    title: "The passkey was not used.",
    next: "Try again, and confirm what the browser or the security key asks.",
  },
  "key-unsupported": {
    title: "This browser cannot keep an Ed25519 key for itself.",
    next: "Use a newer browser (Chrome 137, Firefox 129, Safari 17), or a passkey.",
  },
  unauthenticated: {
    title: "The request carries no usable credential.",
    next: "Authenticate first.",
    status: 401,
  },
  "rate-limited": {
    title: "Too many requests of this kind.",
    next: "Wait as long as retry_after says.",
    status: 429,
  },
  "not-found": {
    title: "There is nothing at this address.",
    next: "Check the path against docs/protocol.md.",
    status: 404,
  },
  conflict: {
    title: "The change conflicts with what is stored.",
    next: "Read the current state and decide again.",
    status: 409,
  },
  internal: {
    title: "Something failed that should not have.",
    next: "The log has the cause under the same incident number; please report it.",
    status: 500,
  },
  unavailable: {
    title: "The service cannot answer at the moment.",
    next: "Try again later.",
    status: 503,
  },
  // Badge.
  "badge-unknown": {
    title: "This badge is not known here.",
    next: "Enrol it, or ask its holder for the right one.",
    status: 403,
  },
  "badge-revoked": {
    title: "This badge was revoked.",
    next: "Ask a manager.",
    status: 403,
  },
  "badge-suspended": {
    title: "This badge is suspended.",
    next: "Ask a manager.",
    status: 403,
  },
  "badge-cloned": {
    title: "This badge shows the signs of a copy.",
    next: "Keep the badge, find its holder and look at the audit log.",
    status: 403,
  },
  "mode-mismatch": {
    title: "This badge was issued for another reader.",
    next: "Use it at the reader it was issued for, or enrol it again.",
    status: 403,
  },
  "entitlement-denied": {
    title: "The holder may not pass here.",
    next: "Ask a manager for the entitlement.",
    status: 403,
  },
  "outside-schedule": {
    title: "The holder may not pass here at this time.",
    next: "Come back within the schedule, or ask a manager.",
    status: 403,
  },
  "person-suspended": {
    title: "This person's rights are suspended or ended.",
    next: "Ask a manager.",
    status: 403,
  },
  passback: {
    title: "This badge has come in and not gone out, or the other way round.",
    next: "Go out where it is counted; a manager can forgive it: `latchkey person forgive`.",
    status: 403,
  },
  "first-person-missing": {
    title: "Nobody who may open this zone has come in today.",
    next: "Wait for somebody who may.",
    status: 403,
  },
  "rule-unknown": {
    title: "There is no person, entitlement, zone, site, schedule or calendar of that name.",
    next: "Look for it: `latchkey zone list`, `latchkey person list`, `latchkey entitlement list`.",
    status: 404,
  },
  "policy-unclear": {
    title: "The rules for this door cannot be read, or name what is not there.",
    next: "Look at the audit log for what is missing, and correct zone, site, schedule or holidays.",
    status: 403,
  },
  "badge-payload-invalid": {
    title: "The payload on the badge is damaged or was made for another chip.",
    next: "Write the badge again; on a chip that nobody issued it is a copy, see the audit log.",
    status: 403,
  },
  "badge-not-ours": {
    title: "The chip holds no payload of this toolkit.",
    next: "Use a badge that was enrolled here.",
    status: 403,
  },
  "badge-moved": {
    title: "The badge left the field before it was read.",
    next: "Hold the badge still until the reader answers.",
    status: 422,
  },
  "badge-changed": {
    title: "Another badge came into the field in mid-read.",
    next: "Present one badge at a time.",
    status: 422,
  },
  "several-badges": {
    title: "More than one badge is in the field.",
    next: "Present one badge at a time.",
  },
  "decision-mismatch": {
    title: "The server's decision does not belong to this tap.",
    next: "Tap again; if it persists, someone replays answers.",
  },
  "decision-late": {
    title: "The server's decision came too late to be used.",
    next: "Tap again; look at the network's delay.",
  },
  // Card and APDU.
  "apdu-malformed": {
    title: "The bytes are not an ISO 7816-4 command or response.",
    next: "Try the badge again; another card may be in the field.",
    status: 422,
  },
  "card-status": {
    title: "The card answered with an error status word.",
    next: "`sw` says which; see docs/errors.md.",
    status: 422,
  },
  "card-unsupported": {
    title: "This card is not of a kind that the reader can use.",
    next: "Use an NTAG 424 DNA badge.",
    status: 422,
  },
  "card-timeout": {
    title: "The card did not answer in time.",
    next: "Hold the badge still and try again.",
    status: 422,
  },
  "card-protocol": {
    title: "The card broke the transmission protocol.",
    next: "Hold the badge still and try again.",
    status: 422,
  },
  "card-key-wrong": {
    title: "The card refused the key: it holds another one.",
    next: "Do not try again, the card counts failures; find out which key it has.",
    status: 422,
  },
  "card-proof-invalid": {
    title: "The card does not prove that it holds the key.",
    next: "Treat the card as a copy until it has proved itself elsewhere.",
    status: 403,
  },
  "card-auth-delay": {
    title: "The card makes us wait after too many failed authentications.",
    next: "Leave the badge on the reader and try again later.",
    status: 422,
  },
  "card-auth-refused": {
    title: "The card does not let this key be used in this way.",
    next: "It is set to the other secure messaging (AES or LRP), or the key is locked for good.",
    status: 422,
  },
  "card-mac-invalid": {
    title: "An answer of the card carries no valid MAC.",
    next: "Hold the badge still and begin again; if it persists, someone alters the exchange.",
    status: 422,
  },
  "card-desync": {
    title: "The card did not accept the MAC of a command.",
    next: "Begin again with a new authentication; if it persists, someone alters the exchange.",
    status: 422,
  },
  "card-session-ended": {
    title: "The session with the card has ended.",
    next: "Authenticate again.",
    status: 422,
  },
  "card-keys-unknown": {
    title: "The card's key versions are neither the factory's nor those of work begun here.",
    next: "It belongs to another tenant or tool; no key was tried and nothing was written.",
    status: 409,
  },
  "card-unfinished": {
    title: "Other work on this card was begun and must be finished first.",
    next: "Run the command that the message names, with the badge on the reader.",
    status: 409,
  },
  "card-locked": {
    title: "The card's settings can never be changed again.",
    next: "Revoke the badge and use another card.",
    status: 409,
  },
  "card-run-ended": {
    title: "The work on this card is not under way any more.",
    next: "Run the same command again: it finishes what was begun.",
    status: 409,
  },
  "card-run-elsewhere": {
    title: "Another replica has this work.",
    next: "Send the step again over a new connection.",
    status: 421,
  },
  "ndef-malformed": {
    title: "The NDEF message on the card is damaged.",
    next: "Write the badge again.",
    status: 422,
  },
  "sdm-malformed": {
    title: "The secure dynamic message does not have the form that was agreed.",
    next: "Configure the badge's SDM again.",
    status: 403,
  },
  "sdm-mac-invalid": {
    title: "The secure dynamic message does not verify.",
    next: "See badge-cloned.",
    status: 403,
  },
  "sdm-counter-stale": {
    title: "The badge's read counter did not rise.",
    next: "See badge-cloned.",
    status: 403,
  },
  // Hardware.
  "bus-nack": {
    title: "The chip did not acknowledge its address.",
    next: "Check its wiring, its power and its bus address.",
  },
  "bus-stuck": {
    title: "The I2C bus is held low and could not be freed.",
    next: "Check the wiring and the pull-ups; power-cycle the reader if it persists.",
  },
  "serial-lost": {
    title: "The serial line takes no bytes any more.",
    next: "Check that the device is still plugged in, then open it again.",
  },
  "pn532-no-ack": {
    title: "The PN532 did not acknowledge a command.",
    next: "The driver resets it; if it persists, check wiring and the reset line.",
  },
  "pn532-timeout": {
    title: "The PN532 did not answer in time.",
    next: "The driver resets it; if it persists, check wiring and the IRQ line.",
  },
  "pn532-frame": {
    title: "A frame from the PN532 is damaged.",
    next: "The driver asks for it again; if it persists, lower the bus speed.",
  },
  "pn532-syntax": {
    title: "The PN532 did not understand a command.",
    next: "Report it with the log; it should not happen.",
  },
  "pn532-status": {
    title: "The PN532 reports an error.",
    next: "`status` says which; see docs/errors.md.",
  },
  "pn532-unsupported": {
    title: "The chip is not a PN532, or its firmware is not known to work.",
    next: "Check the module; the selector switches must fit the wiring, I2C or HSU.",
  },
  "pn532-dead": {
    title: "The PN532 does not come back after a reset.",
    next: "Check its power and its reset line; it may be broken.",
  },
  "display-absent": {
    title: "The display does not answer.",
    next: "The reader works without it; check its wiring.",
  },
  // Storage and randomness.
  "random-unhealthy": {
    title: "The random source failed its health test.",
    next: "The node refuses to make keys; replace the board.",
  },
  "storage-full": {
    title: "There is no room left in the node's storage.",
    next: "Let it upload, or erase what is not needed.",
  },
  "storage-corrupt": {
    title: "Stored data is damaged.",
    next: "The node uses the last good copy; if there is none, it must be enrolled again.",
  },
  "storage-failed": {
    title: "The storage did not take the data.",
    next: "Try again; if it persists, the flash is worn out.",
  },
  // Sensors.
  "sensor-absent": {
    title: "The sensor does not answer.",
    next: "Check its wiring, its power and its address; the other sensors go on without it.",
  },
  "sensor-wrong-chip": {
    title: "Another chip answers at the sensor's address.",
    next: "Check the part on the board against `platform` in the configuration.",
  },
  "sensor-bus": {
    title: "The sensor did not take or give all of a transfer.",
    next: "Look for a loose wire, missing pull-ups or a cable that is too long.",
  },
  "sensor-timeout": {
    title: "The sensor did not finish a measurement in its time.",
    next: "It is tried again; if it persists, switch its power off and on.",
  },
  "sensor-checksum": {
    title: "The checksum of a reading is wrong.",
    next: "It is read again; if it persists, shorten the cable or check the pull-up.",
  },
  "sensor-baud-rate": {
    title: "What the sensor sends makes no sense at this baud rate.",
    next: "Set `baud_rate` to what the part is set to; from the factory it is 9600.",
  },
  "sensor-refused": {
    title: "The sensor understood a command and refused it.",
    next: "The message says why; check that the part is of the kind that is configured.",
  },
  "sensor-calibration": {
    title: "The calibration data in the sensor cannot be right.",
    next: "Check its wiring; if it persists, the chip is damaged or a counterfeit.",
  },
  "sensor-fault": {
    title: "The sensor reports a fault of its own.",
    next: "Switch its power off and on; replace it if that does not help.",
  },
  "sensor-out-of-range": {
    title: "A reading is outside of what the sensor can measure.",
    next: "Check the wiring; the reading counts for nothing.",
  },
  "sensor-jump": {
    title: "A reading jumped further than the quantity can change.",
    next: "It is confirmed by further readings before it is believed; look for a loose wire.",
  },
  "sensor-stuck": {
    title: "The sensor has given exactly the same value for too long.",
    next: "Check whether it is still connected and alive.",
  },
  "sensor-power-on-value": {
    title: "The sensor has its power-on value in place of a measurement.",
    next: "It lost power between conversion and read: check its supply.",
  },
  "sensor-too-soon": {
    title: "The sensor was asked again before it can have a new reading.",
    next: "Raise `update_interval`.",
  },
  "sensor-warming-up": {
    title: "The sensor has just been switched on and cannot be believed yet.",
    next: "Wait; it reports by itself.",
  },
  "sensor-no-fix": {
    title: "The receiver has no position.",
    next: "Give it a view of the sky; the first fix can take some minutes.",
  },
  "sensor-no-supply": {
    title: "The sensor has no supply of its own and cannot measure on what the data line gives.",
    next: "Connect its VDD to 3V3; with the wire missing or broken it takes its power from DQ.",
  },
  "sensor-address-clash": {
    title: "Several devices answer at one address.",
    next: "Connect one at a time and give each an address of its own.",
  },
  // Telemetry.
  "readings-lost": {
    title: "The node had to drop readings that it could not deliver.",
    next: "Look for the network or server trouble before it; `count` says how many are missing.",
  },
  "broker-unavailable": {
    title: "The MQTT broker does not take what the server publishes.",
    next: "Check its address and credentials; readings are stored all the same.",
  },
  // Network.
  "network-down": {
    title: "There is no network.",
    next: "Check the Wi-Fi name and password, or the cable.",
  },
  "wifi-password-wrong": {
    title: "The Wi-Fi does not accept the password.",
    next: "Type it again: capital letters count, and it has 8 to 63 characters.",
  },
  "wifi-not-found": {
    title: "There is no Wi-Fi of that name in reach.",
    next: "Check the name letter by letter; it must be a 2.4 GHz network. Or move closer.",
  },
  "network-timeout": {
    title: "The server did not answer in time.",
    next: "Check that it runs and that base_url is right.",
  },
  "network-failed": {
    title: "The connection to the server failed.",
    next: "Check that it runs and that base_url is right.",
  },
  "tls-unavailable": {
    title: "This image cannot speak https.",
    next: "Build it with `latchkey build --target pico_2_w_tls`, or give base_url as http://.",
  },
  "tls-untrusted": {
    title: "The server's certificate is not one that this node was told to trust.",
    next: "Compare tls_roots with the server's certificates; somebody may be in between.",
  },
  "tls-name-wrong": {
    title: "The server's certificate is for another name.",
    next: "Check base_url; the certificate must name its host.",
  },
  "tls-expired": {
    title: "The server's certificate, or its root, is out of date.",
    next: "Renew it on the server; for a new root, provision the node with its tls_roots.",
  },
  "not-latchkey": {
    title: "Whatever answered is not a Latchkey server.",
    next: "Check base_url; a captive portal may be in the way.",
  },
  "clock-untrusted": {
    title: "The node does not know the time.",
    next: "It asks the server again by itself.",
  },
  // Human identity: root and devices.
  "mnemonic-word-unknown": {
    title: "A word is not one of the 2048 words of a mnemonic.",
    next: "Compare the word at `position` with what was written down.",
  },
  "mnemonic-invalid": {
    title: "The words do not make a mnemonic: one is wrong, missing or out of order.",
    next: "Compare all 24 words and their order with what was written down.",
  },
  "csr-invalid": {
    title: "The request for a device certificate cannot be used.",
    next: "Make a new one on the device.",
    status: 400,
  },
  "certificate-invalid": {
    title: "The certificate is not one of a P-256 key as this project reads them.",
    next: "Check that it is X.509 v3 with ecdsa-with-SHA256 and no unknown critical extension.",
    status: 400,
  },
  "certificate-untrusted": {
    title: "No trusted certificate vouches for this one.",
    next: "Check which root or issuer it claims; a broken chain deserves a look at the audit log.",
    status: 403,
  },
  "certificate-expired": {
    title: "A certificate is not valid at this time.",
    next: "Check the clock; otherwise renew the certificate.",
    status: 403,
  },
  "certificate-revoked": {
    title: "The device was revoked.",
    next: "Delegate to another device with the mnemonic.",
    status: 403,
  },
  "crl-invalid": {
    title: "The list of revoked devices is damaged or was not signed by its revocation key.",
    next: "Fetch it again; if it persists, someone altered it.",
    status: 400,
  },
  "crl-stale": {
    title: "The list of revoked devices is not in force.",
    next: "Fetch a newer one; until then no device of this root is accepted.",
    status: 403,
  },
  "delegation-invalid": {
    title: "The statement that a device speaks for an identifier cannot be used.",
    next: "Sign a new one by the key that the identifier names.",
    status: 403,
  },
  "invitation-invalid": {
    title: "The invitation to enrol is wrong, used up or expired.",
    next: "Ask the operators for a new one: `latchkey human invite`.",
    status: 403,
  },
  "statement-invalid": {
    title: "What a device told the registry cannot be believed.",
    next: "Sign it anew, now, with the key of a device that was not revoked.",
    status: 403,
  },
  "human-unknown": {
    title: "The registry knows no person of this root.",
    next: "Enrol the root first; after `recover` it is known already.",
    status: 404,
  },
  "registry-full": {
    title: "The registry keeps no more devices, identifiers or credentials of this person.",
    next: "Revoke devices that are out of use, or let credentials expire.",
    status: 409,
  },
  "device-unknown": {
    title: "The person has no such device, or it was revoked already.",
    next: "Check its serial number against the device's certificate.",
    status: 404,
  },
  "did-unknown": {
    title: "The registry knows no such identifier, or that key does not speak for it.",
    next: "Delegate a key of a device to it first.",
    status: 404,
  },
  // Human identity: credentials.
  "jws-malformed": {
    title: "A signed token does not have the form of a compact JWS.",
    next: "Ask its sender for a new one; `token` says which of the tokens it was.",
    status: 400,
  },
  "jws-algorithm": {
    title: "A signed token names an algorithm other than ES256.",
    next: "Sign with ES256; `none` and HS256 in its place are attempts to forge.",
    status: 400,
  },
  "jws-type": {
    title: "A signed token was made for another purpose.",
    next: "Check its `typ`; `token` says which of the tokens it was.",
    status: 400,
  },
  "jws-critical": {
    title: "A signed token demands an extension that is not known here.",
    next: "Issue it without `crit`.",
    status: 400,
  },
  "sd-jwt-too-large": {
    title: "The credential is larger than any that is read.",
    next: "Disclose less, or issue it with fewer claims.",
    status: 400,
  },
  "disclosure-invalid": {
    title: "A disclosure does not have the form that its place demands.",
    next: "Present the credential again; if it persists, it was issued wrongly or altered.",
    status: 400,
  },
  "disclosure-repeated": {
    title: "A disclosure stands in the presentation twice.",
    next: "Present each one once.",
    status: 400,
  },
  "disclosure-unreferenced": {
    title: "The issuer did not sign one of the disclosures.",
    next: "Ask for the presentation again; a repeat of this is an attempt to add or alter claims.",
    status: 403,
  },
  "digest-repeated": {
    title: "A digest stands in the credential twice.",
    next: "The issuer has to issue it again.",
    status: 400,
  },
  "claim-name-reserved": {
    title: "A claim has a name that is not a claim's to have.",
    next: "The issuer has to name it otherwise.",
    status: 400,
  },
  "claim-collision": {
    title: "A disclosed claim would overwrite one that is there already.",
    next: "The issuer has to issue the credential again; it may be an attempt to overrule it.",
    status: 403,
  },
  "claim-not-disclosable": {
    title: "A claim that all must see was hidden.",
    next: "The issuer has to issue the credential again with that claim in the open.",
    status: 403,
  },
  "claim-unavailable": {
    title: "The credential has no such claim.",
    next: "Ask for another claim, or present another credential.",
  },
  "sd-alg-unsupported": {
    title: "The credential's digests were made with a hash other than SHA-256.",
    next: "The issuer has to use sha-256.",
    status: 400,
  },
  "credential-date-invalid": {
    title: "A time in the credential is not a number of seconds.",
    next: "The issuer has to issue it again.",
    status: 400,
  },
  "credential-expired": {
    title: "The credential has expired.",
    next: "Ask the issuer for a new one.",
    status: 403,
  },
  "credential-not-yet-valid": {
    title: "The credential is not valid yet.",
    next: "Check the clock; otherwise wait.",
    status: 403,
  },
  "holder-key-invalid": {
    title: "The key that the credential is bound to cannot be used.",
    next: "The issuer has to bind it to a public key of P-256.",
    status: 400,
  },
  "holder-key-missing": {
    title: "The credential is bound to no key, so nobody can prove to be its holder.",
    next: "Ask the issuer for one that is bound to the device.",
    status: 403,
  },
  "key-binding-missing": {
    title: "The holder did not sign the presentation.",
    next: "Present it with the key that the credential is bound to.",
    status: 403,
  },
  "key-binding-unexpected": {
    title: "A presentation was given where none was asked for.",
    next: "Give the credential without a key binding.",
    status: 400,
  },
  "key-binding-audience": {
    title: "The presentation was made for another verifier.",
    next: "Present it to the one that asked; a repeat of this is an attempt to reuse it.",
    status: 403,
  },
  "key-binding-nonce": {
    title: "The presentation answers another request.",
    next: "Answer the newest request.",
    status: 403,
  },
  "key-binding-time": {
    title: "The presentation was not signed just now.",
    next: "Check both clocks and present again.",
    status: 403,
  },
  "key-binding-hash": {
    title: "The holder signed other disclosures than those presented.",
    next: "Present again; a repeat of this is an attempt to add or remove claims.",
    status: 403,
  },
  "issuer-untrusted": {
    title: "Nobody whom this verifier trusts vouches for the issuer of the credential.",
    next: "Ask for a credential of another issuer, or add this one's certificate as an anchor.",
    status: 403,
  },
  "credential-type-unexpected": {
    title: "The credential is of a type that was not asked for.",
    next: "Present one of the type that was asked for.",
    status: 403,
  },
  "credential-claim-invalid": {
    title: "A claim does not have the form that the credential's type demands.",
    next: "The issuer has to issue the credential again; `claim` says which.",
    status: 400,
  },
  "persona-mixed": {
    title: "The credentials belong to different personas of the holder.",
    next: "Present credentials of one persona only.",
    status: 403,
  },
  "persona-unexpected": {
    title: "The credentials belong to another persona than was asked for.",
    next: "Present credentials of the persona that was asked for.",
    status: 403,
  },
  "holder-mixed": {
    title: "The credentials of one answer are bound to different holders.",
    next: "Present credentials that are bound to one key, or that name one identifier.",
    status: 403,
  },
  "answer-incomplete": {
    title: "A credential that was asked for is not in the answer.",
    next: "Present it as well; `id` says which.",
    status: 403,
  },
  "answer-unexpected": {
    title: "The answer holds credentials that were not asked for.",
    next: "Present exactly one for each that was asked for.",
    status: 403,
  },
  "claim-not-shown": {
    title: "A claim that was asked for was kept back.",
    next: "Show it, or do without what it is asked for; `claim` says which.",
    status: 403,
  },
  "claim-value-refused": {
    title: "A claim does not have the value that was asked for.",
    next: "Nothing to repeat: the holder does not meet what is asked; `claim` says which.",
    status: 403,
  },
  "credential-too-old": {
    title: "The credential was issued too long ago for this verifier.",
    next: "Get a new one from its issuer.",
    status: 403,
  },
  "status-reference-invalid": {
    title: "The credential does not say as agreed where its status is published.",
    next: "The issuer has to issue it with a `status_list` of `uri` and `idx`.",
    status: 400,
  },
  "status-host-refused": {
    title: "The status of the credential is published at an address that is not asked.",
    next: "Check the issuer; add its host to those that may be asked.",
    status: 403,
  },
  "status-unavailable": {
    title: "The status of the credential cannot be found out at the moment.",
    next: "Try again later; until then the credential counts as revoked.",
    status: 503,
  },
  "status-list-invalid": {
    title: "A status list is damaged, or was not signed by the issuer of the credential.",
    next: "Fetch it again; if it persists, someone altered it.",
    status: 400,
  },
  "status-list-foreign": {
    title: "A status list of another address was given.",
    next: "Publish each list at the address that it names.",
    status: 403,
  },
  "status-list-expired": {
    title: "A status list is not in force.",
    next: "Publish a newer one.",
    status: 403,
  },
  "status-list-too-large": {
    title: "A status list unpacks to more than any list has.",
    next: "Publish a list of at most a million entries; a repeat of this is an attack.",
    status: 400,
  },
  "status-index-invalid": {
    title: "The credential's place is beyond the end of its status list.",
    next: "The issuer has to publish the whole list.",
    status: 403,
  },
  "credential-revoked": {
    title: "The credential was revoked.",
    next: "Ask the issuer.",
    status: 403,
  },
  "credential-suspended": {
    title: "The credential is suspended.",
    next: "Ask the issuer.",
    status: 403,
  },
  // Authority: claims, manifests, leases, firmware images.
  "id-mismatch": {
    title: "An identifier is not the hash of what it names.",
    next: "Get the document, claim or manifest again from its author; this one was altered.",
    status: 422,
  },
  "signer-mismatch": {
    title: "The stated address does not belong to the key that signed.",
    next: "Treat it as forged; see docs/claims.md for the two addresses of a key.",
    status: 422,
  },
  "domain-mismatch": {
    title: "It was signed as something else, or not as what it is used for.",
    next: "Sign it with Latchkey, which says inside what it is; or do not require the tag.",
    status: 422,
  },
  "issuer-unauthorized": {
    title: "The issuer had no authority to say that at that time.",
    next: "Have it issued by the root or by a delegate that has the scope.",
    status: 403,
  },
  "subject-mismatch": {
    title: "The claim is about another identity.",
    next: "Remove it from this graph.",
    status: 422,
  },
  "time-implausible": {
    title: "The stated time cannot be right.",
    next: "Check the clock of whoever signed it, and this one.",
    status: 422,
  },
  "statement-expired": {
    title: "What was signed is no longer valid.",
    next: "Have it signed again.",
    status: 403,
  },
  "claim-revoked": {
    title: "The claim, or the delegate that issued it, was revoked.",
    next: "Ask whoever controls the identity.",
    status: 403,
  },
  "claim-duplicate": {
    title: "The same claim stands in the graph twice.",
    next: "Nothing to do; it counts once.",
  },
  "key-reused": {
    title: "A one-time key has signed more than one message, and can be forged now.",
    next: "Rotate to a new key, best to a key tree, and issue its claims again.",
    status: 403,
  },
  "signatures-exceeded": {
    title: "The graph has more signatures to compute than this verifier is willing to.",
    next: "Leave out claims from unknown sources, or allow more (`maxSignatures`).",
    status: 422,
  },
  "rotation-conflict": {
    title: "One key was rotated to two addresses, so nobody can say who is in control.",
    next: "Treat the old key as stolen; found a new identity and tell those who trust this one.",
    status: 409,
  },
  "identity-revoked": {
    title: "The identity was revoked.",
    next: "Ask whoever controlled it.",
    status: 403,
  },
  "lease-missing": {
    title: "Nothing is known of how often this key was used.",
    next: "Bring the lease store back; start one only for a key that has never signed.",
  },
  "lease-rolled-back": {
    title: "The lease store is older than what its witness has seen.",
    next: "Find out who restored it; then recover from the witness, which skips what was used.",
  },
  "lease-corrupt": {
    title: "The lease store or its journal was damaged or altered.",
    next: "Restore a copy, then recover from the witness.",
  },
  "lease-spent": {
    title: "This one-time key was used already.",
    next: "Use a key with a higher index, or a key tree.",
  },
  "lease-exhausted": {
    title: "The key has no uses left.",
    next: "Rotate to a new key.",
  },
  "firmware-rollback": {
    title: "The image is older than what is installed.",
    next: "Install a newer image; an older one may have a hole that is known.",
    status: 409,
  },
  "firmware-mismatch": {
    title: "The image is not the one that was signed.",
    next: "Download it again; if it persists, someone alters it.",
    status: 422,
  },
  "firmware-unsuitable": {
    title: "The image is for another product, or needs a newer bootloader.",
    next: "Use the image for this board; update the bootloader first where that is the reason.",
    status: 409,
  },
  "firmware-unconfirmed": {
    title: "A new image did not reach network, server and reader in its trial.",
    next: "The node went back to its old image; look at the new one's log before publishing again.",
  },
  // Tools.
  "passphrase-wrong": {
    title: "The passphrase does not open the key file.",
    next: "Type it again; if it is right, the file was altered: restore a copy of it.",
  },
  usage: {
    title: "The command was not given as it must be.",
    next: "See `latchkey --help`, or `latchkey <command> --help`.",
  },
  "scenario-invalid": {
    title: "The scenario cannot be used.",
    next: "Correct the named line; see docs/scenarios.md.",
  },
  "expectation-failed": {
    title: "The simulation did not do what was expected.",
    next: "The report says what was seen instead.",
  },
  "sim-timeout": {
    title: "The simulated time is up.",
    next: "See what the reader waits for, or allow more with --timeout.",
  },
  "address-in-use": {
    title: "The port is already taken.",
    next: "Choose another with --port, or stop what holds it.",
  },
  "file-unusable": {
    title: "A file on this computer cannot be read or written.",
    next: "Check its path, its owner and the free space.",
  },
  "sim-not-running": {
    title: "No simulator runs in this folder.",
    next: "Start one here with `latchkey sim`, and type this in another terminal.",
  },
  "sim-running": {
    title: "A simulator runs in this folder already.",
    next: "Use it (`latchkey tap`, `latchkey console sim`), quit it, or start in another folder.",
  },
  "sdk-missing": {
    title: "What builds the image is not installed.",
    next: "Install what the checks name; docs/building.md has the whole list.",
  },
  "build-failed": {
    title: "The image could not be built.",
    next: "Read the last lines of the build; `latchkey doctor` checks the SDK.",
  },
  "image-unusable": {
    title: "The image is not for this board.",
    next: "Build it with `latchkey build --target` and the name of the board.",
  },
  "board-missing": {
    title: "There is no board that can be written to.",
    next: "Hold BOOTSEL while you plug the board in, then run the command again.",
  },
  "flash-failed": {
    title: "The board did not take the image.",
    next: "Use another cable or port, hold BOOTSEL while you plug it in, and try again.",
  },
  "port-unavailable": {
    title: "The serial port cannot be opened.",
    next: "Check its name and your permissions; `latchkey console --list` shows what there is.",
  },
  "console-silent": {
    title: "The node on this port did not answer.",
    next: "Check cable, port and speed; `latchkey console` shows what it says.",
  },
  busy: {
    title: "The operation is already under way.",
    next: "Wait for it to finish.",
    status: 409,
  },
  cancelled: {
    title: "The operation was called off.",
    next: "Nothing to do.",
  },
} as const satisfies Record<string, ErrorEntry>;

/** A stable, kebab-case error code. */
export type ErrorCode = keyof typeof table;

/** The table itself, as `code → entry`. Frozen, so that it can live in flash. */
export const ERROR_CODES: Readonly<Record<ErrorCode, ErrorEntry>> = Object.freeze(table);

/** Whether a string received from outside is a code of ours. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(table, value);
}
