/** BIP 39's own 24-word vectors, as people of the tests. Published, so never anybody's. */
export const ALICE = `${"abandon ".repeat(23)}art`;
const LEGAL = "legal winner thank year wave sausage worth";
export const BOB = `${LEGAL} useful ${LEGAL} useful ${LEGAL} title`;

/** The identifier of Alice's root. Frozen: a change would orphan every identity that exists. */
export const ALICE_ID = "12690f13d8e70bd2430ca99a1b45cca88f5399a05e088ede09d2d7bce1c24fee";
