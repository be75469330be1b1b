/*
 * The arithmetic of curve25519: the portable ref10 code as it comes with the npm package
 * ed25519-supercop (Orson Peters, zlib licence), compiled as one unit. Its names are put behind a
 * prefix, because the SDK has functions of the same names.
 */
#include <stddef.h>
#include <stdint.h>
#include "ref10.h"

#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/fe.c"
#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/ge.c"
/* Both files have static functions of these names. */
#define load_3 lk_sc_load_3
#define load_4 lk_sc_load_4
#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/sc.c"
#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/sha512.c"
