/* What curve25519.c uses of the ref10 code, under names of our own. */
#ifndef LATCHKEY_REF10_H
#define LATCHKEY_REF10_H

#define fe_0 lk_fe_0
#define fe_1 lk_fe_1
#define fe_add lk_fe_add
#define fe_cmov lk_fe_cmov
#define fe_copy lk_fe_copy
#define fe_cswap lk_fe_cswap
#define fe_frombytes lk_fe_frombytes
#define fe_invert lk_fe_invert
#define fe_isnegative lk_fe_isnegative
#define fe_isnonzero lk_fe_isnonzero
#define fe_mul lk_fe_mul
#define fe_mul121666 lk_fe_mul121666
#define fe_neg lk_fe_neg
#define fe_pow22523 lk_fe_pow22523
#define fe_sq lk_fe_sq
#define fe_sq2 lk_fe_sq2
#define fe_sub lk_fe_sub
#define fe_tobytes lk_fe_tobytes
#define ge_add lk_ge_add
#define ge_double_scalarmult_vartime lk_ge_double_scalarmult_vartime
#define ge_frombytes_negate_vartime lk_ge_frombytes_negate_vartime
#define ge_madd lk_ge_madd
#define ge_msub lk_ge_msub
#define ge_p1p1_to_p2 lk_ge_p1p1_to_p2
#define ge_p1p1_to_p3 lk_ge_p1p1_to_p3
#define ge_p2_0 lk_ge_p2_0
#define ge_p2_dbl lk_ge_p2_dbl
#define ge_p3_0 lk_ge_p3_0
#define ge_p3_dbl lk_ge_p3_dbl
#define ge_p3_to_cached lk_ge_p3_to_cached
#define ge_p3_to_p2 lk_ge_p3_to_p2
#define ge_p3_tobytes lk_ge_p3_tobytes
#define ge_scalarmult_base lk_ge_scalarmult_base
#define ge_sub lk_ge_sub
#define ge_tobytes lk_ge_tobytes
#define sc_muladd lk_sc_muladd
#define sc_reduce lk_sc_reduce
#define sha512 lk_sha512
#define sha512_final lk_sha512_final
#define sha512_init lk_sha512_init
#define sha512_update lk_sha512_update

#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/ge.h"
#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/sc.h"
#include "../../node_modules/ed25519-supercop/vendor/ed25519/src/sha512.h"

#endif
