type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const areTexts = (value: Fields, ...names: readonly string[]) =>
  names.every((name) => typeof value[name] === "string");
const isNumber = (value: unknown) => typeof value === "number";

/** The reference's guards: shallow, and blind to what the constructors make. */
export function compatIsTotemIdentityDocument(value: unknown): boolean {
  if (!isObject(value) || !areTexts(value, "id", "kind", "rootAddress", "controllerAddress"))
    return false;
  return isNumber(value["version"]) && isNumber(value["createdAt"]);
}

export function compatIsIdentityClaim(value: unknown): boolean {
  if (!isObject(value) || !areTexts(value, "id", "type", "issuer", "subject", "object"))
    return false;
  return isNumber(value["issuedAt"]) && isObject(value["payload"]);
}

export function compatIsSignedIdentityClaim(value: unknown): boolean {
  if (!isObject(value) || !compatIsIdentityClaim(value["claim"])) return false;
  const { proof } = value;
  return isObject(proof) && areTexts(proof, "address", "publicKey", "signature");
}

export function compatIsRotationClaim(value: unknown): boolean {
  return compatIsRevocationClaim(value) && areTexts(value as Fields, "newAddress");
}

export function compatIsRevocationClaim(value: unknown): boolean {
  return (
    isObject(value) &&
    areTexts(value, "claimId", "issuer", "subject") &&
    isNumber(value["issuedAt"])
  );
}
