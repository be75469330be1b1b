#ifndef LATCHKEY_TEST_TYPES_H
#define LATCHKEY_TEST_TYPES_H
#include <stdbool.h>
#include <stdint.h>

typedef unsigned int uint;

#endif
