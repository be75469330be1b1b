/** What a web page imports. */
export { ApplicationIdentity } from "../application-identity.ts";
export { browserKey } from "./browser-key.ts";
export { browserHumanKey } from "./human-key.ts";
export { passkey } from "./passkey.ts";
