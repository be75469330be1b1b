#include "hardware/i2c.h"
